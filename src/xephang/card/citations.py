"""BibTeX of the papers behind a model: Sentence-BERT always, the loss's where it has one."""

from collections.abc import Mapping

SENTENCE_TRANSFORMERS = """
@inproceedings{reimers-2019-sentence-bert,
    title = "Sentence-BERT: Sentence Embeddings using Siamese BERT-Networks",
    author = "Reimers, Nils and Gurevych, Iryna",
    booktitle = "Proceedings of the 2019 Conference on Empirical Methods in Natural Language Processing",
    month = "11",
    year = "2019",
    publisher = "Association for Computational Linguistics",
    url = "https://arxiv.org/abs/1908.10084",
}
"""

_LAMBDA = """
@inproceedings{wang-2018-lambdaloss,
    title = "The LambdaLoss Framework for Ranking Metric Optimization",
    author = "Wang, Xuanhui and Li, Cheng and Golbandi, Nadav and Bendersky, Michael and Najork, Marc",
    booktitle = "Proceedings of the 27th ACM International Conference on Information and Knowledge Management",
    pages = "1313--1322",
    year = "2018",
    doi = "10.1145/3269206.3271784",
}
"""

_LIST_NET = """
@inproceedings{cao-2007-listnet,
    title = "Learning to Rank: From Pairwise Approach to Listwise Approach",
    author = "Cao, Zhe and Qin, Tao and Liu, Tie-Yan and Tsai, Ming-Feng and Li, Hang",
    booktitle = "Proceedings of the 24th International Conference on Machine Learning",
    pages = "129--136",
    year = "2007",
    doi = "10.1145/1273496.1273513",
}
"""

_RANK_NET = """
@inproceedings{burges-2005-ranknet,
    title = "Learning to Rank using Gradient Descent",
    author = "Burges, Chris and Shaked, Tal and Renshaw, Erin and Lazier, Ari and Deeds, Matt and Hamilton, Nicole and Hullender, Greg",
    booktitle = "Proceedings of the 22nd International Conference on Machine Learning",
    pages = "89--96",
    year = "2005",
    doi = "10.1145/1102351.1102363",
}
"""  # noqa: E501

_MARGIN_MSE = """
@misc{hofstaetter-2020-margin-mse,
    title = "Improving Efficient Neural Ranking Models with Cross-Architecture Knowledge Distillation",
    author = "Hofst{\\"a}tter, Sebastian and Althammer, Sophia and Schr{\\"o}der, Michael and Sertkan, Mete and Hanbury, Allan",
    year = "2020",
    eprint = "2010.02666",
    archivePrefix = "arXiv",
}
"""  # noqa: E501

_IN_BATCH = """
@misc{henderson-2017-smart-reply,
    title = "Efficient Natural Language Response Suggestion for Smart Reply",
    author = "Henderson, Matthew and Al-Rfou, Rami and Strope, Brian and Sung, Yun-hsuan and Lukacs, Laszlo and Guo, Ruiqi and Kumar, Sanjiv and Miklos, Balint and Kurzweil, Ray",
    year = "2017",
    eprint = "1705.00652",
    archivePrefix = "arXiv",
}
"""  # noqa: E501

_CACHED = """
@misc{gao-2021-gradient-cache,
    title = "Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup",
    author = "Gao, Luyu and Zhang, Yunyi and Han, Jiawei and Callan, Jamie",
    year = "2021",
    eprint = "2101.06983",
    archivePrefix = "arXiv",
}
"""

_BY_LOSS: Mapping[str, tuple[str, ...]] = {
    "LambdaLoss": (_LAMBDA,),
    "ListNetLoss": (_LIST_NET,),
    "GradedListLoss": (_LIST_NET,),
    "RankNetLoss": (_RANK_NET,),
    "MarginMSELoss": (_MARGIN_MSE,),
    "MultipleNegativesRankingLoss": (_IN_BATCH,),
    "CachedMultipleNegativesRankingLoss": (_IN_BATCH, _CACHED),
}


def for_loss(name: str) -> dict[str, str]:
    """Return title and BibTeX of what a loss is to be cited by; empty for a loss that no paper introduced."""
    papers = _BY_LOSS.get(name, ())
    return {name: "\n\n".join(paper.strip() for paper in papers)} if papers else {}
