package main

import (
	"errors"
	"fmt"
	"math/big"
	"runtime"

	"github.com/consensys/gnark-crypto/ecc"
	curve "github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
)

// inputs returns scalars of 253 pseudorandom bits (SplitMix64, seed 1), the factors i + 1 of the points, and what the
// sum's factor must be: the same in every peer.
func inputs(n int) (scalars, factors []fr.Element, total fr.Element) {
	scalars, factors = make([]fr.Element, n), make([]fr.Element, n)
	state := uint64(1)
	next := func() uint64 {
		state += 0x9e3779b97f4a7c15
		z := state
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		return z ^ z>>31
	}
	for i := range scalars {
		value := new(big.Int)
		for limb := range 4 {
			word := next()
			if limb == 3 {
				word >>= 3
			}
			value.Add(value, new(big.Int).Lsh(new(big.Int).SetUint64(word), uint(64*limb)))
		}
		scalars[i].SetBigInt(value)
		factors[i].SetUint64(uint64(i) + 1)
		var product fr.Element
		total.Add(&total, product.Mul(&scalars[i], &factors[i]))
	}
	return scalars, factors, total
}

func serveMsm(group string, log2 int) error {
	scalars, factors, total := inputs(1 << log2)
	config := ecc.MultiExpConfig{NbTasks: runtime.GOMAXPROCS(0)}
	_, _, g1, g2 := curve.Generators()
	var factor big.Int
	total.BigInt(&factor)
	wrong := errors.New("the sum is wrong")
	switch group {
	case "g1":
		points := curve.BatchScalarMultiplicationG1(&g1, factors)
		var sum, expected curve.G1Affine
		expected.ScalarMultiplication(&g1, &factor)
		return serve(
			func() error { _, err := sum.MultiExp(points, scalars, config); return err },
			func() error {
				if !sum.Equal(&expected) {
					return wrong
				}
				return nil
			},
		)
	case "g2":
		points := curve.BatchScalarMultiplicationG2(&g2, factors)
		var sum, expected curve.G2Affine
		expected.ScalarMultiplication(&g2, &factor)
		return serve(
			func() error { _, err := sum.MultiExp(points, scalars, config); return err },
			func() error {
				if !sum.Equal(&expected) {
					return wrong
				}
				return nil
			},
		)
	}
	return fmt.Errorf("group %q", group)
}
