"""What a card says where its record says nothing: true of any reranker that this package trains."""

INTENDED_USE = """
This model is the second step of a shop's search. A first stage finds some tens or hundreds of candidate products
for a query in Vietnamese; this model reads each of them together with the query and puts them in order.
"""

OUT_OF_SCOPE = """
- **Searching a whole catalogue.** Every product is read anew for every query, so the work grows with the number
  of candidates; something cheaper has to choose them.
- **Anything that a product's text does not say**: whether it is in stock, genuine, safe, or worth its price.
- **Telling true claims from false ones.** A product that promises what the query asks for scores high whether or
  not it keeps the promise.
- **Decisions about people**: profiling shoppers by what they search, or vetting sellers by how they score.
- **Other languages and other kinds of goods** than those of the training rows, unless measured there first.
"""

LIMITS = """
- **It knows what it was shown.** Brands, colours and words that were rare in the training rows are judged less
  surely, and those that were frequent may be preferred for no better reason.
- **Sellers write the texts.** A title stuffed with sought-after words can rise above an honest one.
- **Labels are somebody's opinion.** Where rules or generated queries made them, the model has learnt the mistakes
  of those rules too, and agreement with such labels is not agreement with shoppers.
- **Diacritics can be lost.** A tokenizer that drops them reads bán, bàn and bạn as one word; a query typed without
  them, in raw Telex or in shorthand, says less than it seems to.
- **Habits of the trade are repeated.** Which goods are called "nam" or "nữ", or which sizes are taken for normal,
  comes from the listings, and the ranking carries it on.
- **A score is no probability** that a shopper will buy or be content, whatever its range.
"""

RECOMMENDATIONS = """
- Measure on judged queries of your own shop before going live, queries without diacritics among them, and compare
  with the first stage alone: a reranker that does not beat it is not worth its time.
- Choose a threshold, if you need one, on judged data and for one activation; none can be taken from another model.
- Keep stock, price and legal rules outside the model, as filters before it or after it.
- Look now and then at how often each brand, and goods for women and for men, reach the first places.
- Train again when the catalogue or the way people search has moved on.
"""

DATA_STATEMENT = """
The record of this run says nothing about who collected the rows, from where, with whose consent and under which
licence. Take all of that as unknown, and ask before you publish the model or the rows.
"""

AUTHORS = "The record of this run names nobody. xephang wrote this card from what training recorded."

CONTACT = "The record of this run gives no address. Ask whoever gave you the model."

NOT_MEASURED = """
Not measured. The record of this run holds no evaluation, so nothing is claimed here about the quality of the
ranking; neither the training loss nor the examples above are evidence of it.
"""

GLOSSARY = (
    ("Query", "what a shopper typed into the search box."),
    ("Product", "one record of the shop: title, brand, category, colour, size and so on."),
    ("Template", "the fixed way in which a product is written out as one text. It is saved with the model."),
    ("Pair", "a query and a product's text, read together; with a label, one training row."),
    ("Relevance", "how well a product answers a query, from 0 (not at all) to 3 (exactly)."),
    ("Cross-encoder", "a model that reads both texts of a pair at once, instead of comparing two vectors."),
    ("Candidates", "the products that the first stage found and the model puts in order."),
    ("Logit", "the number that comes out of the model, of any size and sign, before any activation."),
    ("Activation", "the function that turns a logit into the score that is returned."),
    ("nDCG@10", "how close the first ten places are to the best possible order, 0 to 1, graded relevance counted."),
    ("MRR", "the mean, over queries, of one divided by the place of the first relevant product."),
)

ACTIVATIONS = {
    "sigmoid": "`predict` and `rank` return 1 / (1 + e^(-logit)): between 0 and 1, with 0.5 at a logit of 0.",
    "identity": "`predict` and `rank` return the logit itself: any number, positive or negative.",
}

LANGUAGES = {"vi": "Vietnamese", "en": "English"}

EXAMPLES = (
    ("giày chạy bộ nữ êm chân", "Giày chạy bộ nữ đế êm, lưới thoáng khí | Hải Âu | màu Hồng | size 37"),
    ("giày chạy bộ nữ êm chân", "Giày tây nam da bò công sở | Sông Hồng | màu Đen | size 41"),
    ("giày chạy bộ nữ êm chân", "Dép quai ngang đi trong nhà | màu Xám | size 38"),
)
