"""An oracle that is silent is an alarm after a while, until it speaks."""

from __future__ import annotations

from sequencer.node.price_watch import GRACE_S, PriceWatch


def test_silence_is_an_alarm_after_a_while_and_until_it_ends() -> None:
    watch = PriceWatch(100)
    assert watch.look(True, 100) is None
    assert watch.look(True, 100 + GRACE_S - 1) is None
    assert "for 10 s: nothing trades" in (watch.look(True, 100 + GRACE_S) or "")
    assert "for 60 s" in (watch.look(True, 160) or "")
    assert watch.look(False, 161) is None
    assert watch.look(True, 161 + GRACE_S - 1) is None
    assert watch.look(True, 161 + GRACE_S) is not None
