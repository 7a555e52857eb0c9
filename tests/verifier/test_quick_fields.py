"""py-ecc's product without zero terms is py-ecc's product."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from py_ecc.fields import optimized_bn128_FQ12 as FQ12
from py_ecc.fields.optimized_field_elements import FQP

from verifier import quick_fields
from verifier.points import Q

coefficients = st.one_of(st.just(0), st.just(1), st.just(Q - 1), st.integers(0, Q - 1))
elements = st.lists(coefficients, min_size=12, max_size=12).map(FQ12)


@given(elements, elements)
def test_product_is_the_one_of_py_ecc(left: FQ12, right: FQ12) -> None:
    quick_fields.install()
    assert FQ12.__mul__ is not FQP.__mul__
    assert left * right == FQP.__mul__(left, right)
    assert left * left == FQP.__mul__(left, left)


@given(elements, st.integers(-(2**260), 2**260))
def test_product_with_an_integer_is_the_one_of_py_ecc(left: FQ12, factor: int) -> None:
    quick_fields.install()
    assert left * factor == factor * left == FQP.__mul__(left, factor)
