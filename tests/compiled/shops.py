"""Small shops to compile, and what their folders may hold."""

from collections.abc import Iterable
from pathlib import Path

from xephang.compiled.manifest import BUILDING, MANIFEST, Manifest
from xephang.product import Product

KINDS = ("Giày chạy bộ", "Giày đá bóng", "Sandal", "Dép trẻ em", "Giày sneaker", "Guốc")
COLORS = ("trắng", "đen", "đỏ", "vàng", "xám", "xanh", "nâu")
BRANDS = ("Nike", "Adidas", "Puma", "New Balance", "")


def shoe(number: int, version: int = 0) -> Product:
    """Return a product; another version of it reads otherwise."""
    said = number + 31 * version
    return Product(
        id=f"p{number}",
        title=f"{KINDS[said % 6]} {COLORS[said % 7]} {version}",
        brand=BRANDS[said % 5],
        category=KINDS[said % 6],
        color=COLORS[said % 7],
        size=str(30 + said % 15),
        attributes=("Chống trượt", "Đế êm", "Nhẹ")[: said % 4],
        price=100_000.0 + version,
        extra={"kho": version},
    )


def shop(count: int, version: int = 0) -> list[Product]:
    """Return products p0, p1, …"""
    return [shoe(number, version) for number in range(count)]


def held(catalogue: Iterable[Product]) -> dict[str, Product]:
    return {product.id: product for product in catalogue}


def strays(folder: Path) -> set[str]:
    """Return the files of a folder that neither of its manifests names."""
    manifests = [Manifest.read(folder, name) for name in (MANIFEST, BUILDING) if (folder / name).is_file()]
    single = [file for manifest in manifests for file in (manifest.index, manifest.basis) if file]
    of_parts = [file for manifest in manifests for part in manifest.parts for file in part.files]
    named = {".lock", MANIFEST, BUILDING, *(file.path for file in (*single, *of_parts))}
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - named
