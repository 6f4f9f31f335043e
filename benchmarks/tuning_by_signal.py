"""How strong a signal must be before tuning sees it: what is chosen for simulated bases of 200 photos.

    python benchmarks/tuning_by_signal.py [STUDIES]

For each strength it prints the skill that an oracle would have (which knows what the votes depend on), in
what share of the studies something else than the global mean is chosen, by the one-standard-error rule and
by the least error, and what both procedures err on photos that had no part in their choices, over what the
mean errs.
"""

import sys

import numpy as np

from cbrkit_xai import use
from cbrkit_xai.evaluation.holding_out.protocol import Protocol
from cbrkit_xai.evaluation.simulation import World, simulated_configuration, simulated_registry
from cbrkit_xai.evaluation.tuning import Grid, tune

STRENGTHS = (0.0, 0.15, 0.2, 0.3, 0.5)
REUSE = (use("mean", weight="similarity", shrinkage="fitted"), use("mean"))
# A photo that lies near another in six dimensions is not the same photo.
PROTOCOL = Protocol(repeats=2, latent_cosine=1.0)


def study(strength, seed):
    world = World(signal="cluster", strength=strength, seed=seed)
    grid = Grid(
        configurations=[simulated_configuration(world)],
        ks=[25, 15, 10, 5, 3, 1],
        organizers=[use("linear")],
        reuse=REUSE,
    )
    found = tune(world.base(), grid, protocol=PROTOCOL, registry=simulated_registry(), workers=1)
    truth = world.sample(2000, stream=1).truth
    oracle = 1 - truth.squared_error_of_oracle.mean() / truth.squared_error_of_mean.mean()
    estimate = found.estimate
    return (
        oracle,
        not found.mean_wins,
        found.overall.least != 0,
        estimate.error / estimate.error_of_mean,
        estimate.error_by_least / estimate.error_of_mean,
    )


def main():
    studies = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    print(f"{studies} studies of each strength")
    print("strength | oracle's skill | chosen by rule | by least error | error by rule | by least error")
    for strength in STRENGTHS:
        means = np.mean([study(strength, seed) for seed in range(studies)], axis=0)
        print(f"{strength:8g} | " + " | ".join(f"{value:.3f}" for value in means), flush=True)


if __name__ == "__main__":
    main()
