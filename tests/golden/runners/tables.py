"""Fixtures that are tables: which layer takes how much of which model, and what tensors are called."""

from engine.stylegan2.blend import Swap
from engine.stylegan2.names import discriminator_names, generator_names
from tests.golden.fixtures import Deviation, Fixture

EXACT = 1e-9  # shares are computed, not measured
DEPTH = 8  # mapping layers of the published models


def blend_table(fixture: Fixture) -> list[Deviation]:
    """Share of the second model for every layer, switch resolution, level and width."""
    worst = Deviation("nothing compared", float("inf"), EXACT)
    for size, stated in fixture.meta["sizes"].items():
        names = {name.nvidia: name.ours for name in generator_names(int(size), DEPTH)}
        for table in stated["tables"]:
            swap = Swap(table["switch_resolution"], table["level"], table["blend_width"])
            for layer, parts in stated["layers"].items():
                share = table["y"].get(layer, 0.0)  # what is not in the table stays as it is
                for tensor in parts["nvidia"]:
                    error = abs(swap.share_of_high(names[tensor]) - share)
                    if worst.error == float("inf") or error > worst.error:
                        worst = Deviation(f"{size} {swap} {tensor}", error, EXACT)
    return [worst]


def name_map(fixture: Fixture) -> list[Deviation]:
    """Every pair of names, both networks."""
    wrong = []
    for size, stated in fixture.meta["maps"].items():
        for net, names in (
            ("generator", generator_names(int(size), DEPTH)),
            ("discriminator", discriminator_names(int(size))),
        ):
            ours = {name.nvidia: name.rosinality for name in names}
            theirs = {row["nvidia"]: row["rosinality"] for row in stated[net] if row["rosinality"]}
            wrong += [name for name in theirs if "filter" not in name and ours.get(name) != theirs[name]]
    return [Deviation(f"names {wrong[:3]}", float(len(wrong)), 0.5)]
