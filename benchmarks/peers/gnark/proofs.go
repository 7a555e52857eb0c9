package main

import (
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"time"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark/backend/groth16"
	"github.com/consensys/gnark/backend/witness"
	"github.com/consensys/gnark/constraint"
	"github.com/consensys/gnark/frontend"
	"github.com/consensys/gnark/frontend/cs/r1cs"
)

// squares is Y = X^(2^rows).
type squares struct {
	X    frontend.Variable
	Y    frontend.Variable `gnark:",public"`
	rows int
}

func (c *squares) Define(api frontend.API) error {
	x := c.X
	for range c.rows {
		x = api.Mul(x, x)
	}
	api.AssertIsEqual(x, c.Y)
	return nil
}

func compile(kind, folder string) (constraint.ConstraintSystem, error) {
	if kind == "r1cs" {
		return readR1cs(filepath.Join(folder, "circuit.r1cs"))
	}
	rows, _, err := readChain(folder)
	if err != nil {
		return nil, err
	}
	return frontend.Compile(ecc.BN254.ScalarField(), r1cs.NewBuilder, &squares{rows: rows})
}

func fullWitness(kind, folder string, system constraint.ConstraintSystem) (witness.Witness, error) {
	field := ecc.BN254.ScalarField()
	if kind == "r1cs" {
		values, err := readWitness(filepath.Join(folder, "witness.wtns"))
		if err != nil {
			return nil, err
		}
		full, err := witness.New(field)
		if err != nil {
			return nil, err
		}
		feed := make(chan any, 1024)
		go func() {
			for i := range values {
				feed <- values[i]
			}
			close(feed)
		}()
		public := system.GetNbPublicVariables() - 1 // without the constant one
		return full, full.Fill(public, len(values)-public, feed)
	}
	rows, start, err := readChain(folder)
	if err != nil {
		return nil, err
	}
	y := new(big.Int).Set(start)
	for range rows {
		y.Mod(y.Mul(y, y), field)
	}
	return frontend.NewWitness(&squares{X: start, Y: y}, field)
}

func prepare(kind, folder, out string) error {
	system, err := compile(kind, folder)
	if err != nil {
		return err
	}
	started := time.Now()
	pk, vk, err := groth16.Setup(system)
	if err != nil {
		return err
	}
	seconds := time.Since(started).Seconds()
	if err := write(filepath.Join(out, "pk"), pk.WriteDump); err != nil {
		return err
	}
	writeKey := func(to *os.File) error { _, err := vk.WriteRawTo(to); return err }
	if err := writeFile(filepath.Join(out, "vk"), writeKey); err != nil {
		return err
	}
	return say(map[string]any{"setup_s": seconds, "constraints": system.GetNbConstraints()})
}

func serveProofs(kind, folder, out string) error {
	system, err := compile(kind, folder)
	if err != nil {
		return err
	}
	pk, vk := groth16.NewProvingKey(ecc.BN254), groth16.NewVerifyingKey(ecc.BN254)
	if err := readFile(filepath.Join(out, "pk"), func(from *os.File) error { return pk.ReadDump(from) }); err != nil {
		return err
	}
	readKey := func(from *os.File) error { _, err := vk.ReadFrom(from); return err }
	if err := readFile(filepath.Join(out, "vk"), readKey); err != nil {
		return err
	}
	full, err := fullWitness(kind, folder, system)
	if err != nil {
		return err
	}
	public, err := full.Public()
	if err != nil {
		return err
	}
	var proof groth16.Proof
	work := func() (err error) {
		proof, err = groth16.Prove(system, pk, full) // with its solver, which also evaluates the rows
		return err
	}
	check := func() error {
		if err := groth16.Verify(proof, vk, public); err != nil {
			return fmt.Errorf("its own proof: %w", err)
		}
		return nil
	}
	return serve(work, check)
}
