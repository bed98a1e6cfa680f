"""Short names for runs: two words that can be said aloud, typed and completed."""

from __future__ import annotations

import random

FIRST = tuple(
    """
    amber autumn azure bold brave brisk bronze calm cedar chalk clear clever cobalt coral crisp dawn deep
    eager early ember fair fern flint fond frosty gentle gilded glad golden grand green hazel hidden honest
    humble indigo ivory jade jolly keen kind late lilac lively lofty loyal lucid lunar maple mellow merry
    mild misty noble north olive opal pale patient pearl plain polar proud quick quiet rapid ruby rustic
    sage sandy scarlet sharp silent silver smooth snowy solar solid spry steady stout sunny swift tall tidy
    topaz true velvet vivid warm wild wise young
    """.split()  # noqa: SIM905 (a list literal would fill a page)
)

SECOND = tuple(
    """
    adder ant badger bat bear beaver bee bison bittern boar bream bunting buzzard carp cat cobra cod condor
    coot cormorant crab crane cricket crow curlew deer dingo dolphin dove duck eagle eel egret elk falcon
    ferret finch fox frog gecko gull hare hawk heron hornet horse ibex ibis jackdaw jay kestrel kite koala
    lark lemur linnet lion lizard llama lynx magpie marten mole moose moth mouse newt ocelot oriole osprey
    otter owl oyster panda pike plover pony puffin quail rabbit raven robin rook salmon seal shrew snipe
    sparrow squid stag starling stoat stork swan swift tapir tern thrush tiger toad trout turtle vole weasel
    whale wolf wombat wren yak zebra
    """.split()  # noqa: SIM905 (a list literal would fill a page)
)


def run_name(taken: frozenset[str], source: random.Random) -> str:
    """A name that is not in `taken`, e.g. `amber-fox`; with a number behind once luck runs out."""
    for _ in range(64):
        name = f"{source.choice(FIRST)}-{source.choice(SECOND)}"
        if name not in taken:
            return name
    number = 2
    while f"{name}-{number}" in taken:
        number += 1
    return f"{name}-{number}"
