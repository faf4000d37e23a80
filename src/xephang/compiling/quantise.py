"""int8 weights, activations quantised as they come."""

from pathlib import Path

from onnxruntime.quantization import QuantType, quantize_dynamic

from xephang.engines.torch import quiet


def write_int8(fp32: Path, path: Path) -> None:
    """Quantise a graph's matrix weights per output channel and its embeddings, to about a quarter of the bytes.

    Matrix weights use 7 of the 8 bits (`reduce_range`): on CPUs without VNNI the product of a full 8-bit weight and an
    8-bit activation saturates the 16-bit sum, and scores would depend on the machine. Activations get one scale
    a tensor when the graph runs, so a pair's score depends on what shares its batch: run one at a time.
    """
    with quiet("root"):
        quantize_dynamic(str(fp32), str(path), weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)
