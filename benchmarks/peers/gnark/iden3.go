package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark/constraint"
	cs "github.com/consensys/gnark/constraint/bn254"
)

// chain is what case.json says of a chain of squarings.
type chain struct {
	Rows  int    `json:"rows"`
	Start string `json:"start"` // decimal
}

func readChain(folder string) (rows int, start *big.Int, err error) {
	data, err := os.ReadFile(filepath.Join(folder, "case.json"))
	if err != nil {
		return 0, nil, err
	}
	var found struct {
		Chain *chain `json:"chain"`
	}
	if err := json.Unmarshal(data, &found); err != nil {
		return 0, nil, err
	}
	if found.Chain == nil {
		return 0, nil, errors.New("case.json: no chain")
	}
	start, ok := new(big.Int).SetString(found.Chain.Start, 10)
	if !ok {
		return 0, nil, errors.New("case.json: start is no number")
	}
	return found.Chain.Rows, start, nil
}

// file reads little-endian numbers; the first failure stays.
type file struct {
	in  *bufio.Reader
	err error
}

func (f *file) bytes(n int) []byte {
	data := make([]byte, n)
	if f.err == nil {
		_, f.err = io.ReadFull(f.in, data)
	}
	return data
}

func (f *file) word() int { return int(binary.LittleEndian.Uint32(f.bytes(4))) }

func (f *file) element() fr.Element {
	data := f.bytes(fr.Bytes)
	e, err := fr.LittleEndian.Element((*[fr.Bytes]byte)(data))
	if err != nil && f.err == nil {
		f.err = err
	}
	return e
}

func (f *file) expect(what string, ok bool) {
	if f.err == nil && !ok {
		f.err = errors.New("unexpected " + what)
	}
}

// header reads magic, version and number of sections.
func (f *file) header(magic string, version, sections int) {
	f.expect("magic", string(f.bytes(4)) == magic)
	f.expect("version", f.word() == version)
	f.expect("number of sections", f.word() == sections)
}

// section reads a section's head. Files of ours hold sections in ascending order.
func (f *file) section(kind int) {
	f.expect("section", f.word() == kind)
	f.bytes(8)
}

func open(path string) (*file, func(), error) {
	handle, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	return &file{in: bufio.NewReaderSize(handle, 1<<20)}, func() { _ = handle.Close() }, nil
}

// readR1cs builds gnark's constraint system row by row: wires keep their numbers, all but the public ones are secret.
func readR1cs(path string) (*cs.R1CS, error) {
	f, done, err := open(path)
	if err != nil {
		return nil, err
	}
	defer done()
	f.header("r1cs", 1, 3)
	f.section(1)
	f.bytes(36) // the prime and its length
	wires, outputs, inputs, _ := f.word(), f.word(), f.word(), f.word()
	f.bytes(8)
	rows := f.word()
	f.section(2)
	if f.err != nil {
		return nil, f.err
	}
	system := cs.NewR1CS(rows)
	public := outputs + inputs
	system.AddPublicVariable("1")
	for i := 1; i < wires; i++ {
		if i <= public {
			system.AddPublicVariable(fmt.Sprintf("p%d", i))
		} else {
			system.AddSecretVariable("s")
		}
	}
	blueprint := system.AddBlueprint(&constraint.BlueprintGenericR1C{})
	for i := 0; i < rows && f.err == nil; i++ {
		system.AddR1C(constraint.R1C{L: f.terms(system), R: f.terms(system), O: f.terms(system)}, blueprint)
	}
	return system, f.err
}

func (f *file) terms(system *cs.R1CS) constraint.LinearExpression {
	n := f.word()
	if f.err != nil {
		return nil
	}
	terms := make(constraint.LinearExpression, 0, n)
	for i := 0; i < n && f.err == nil; i++ {
		wire, value := f.word(), f.element()
		var coefficient constraint.U64
		copy(coefficient[:], value[:])
		terms = append(terms, system.MakeTerm(coefficient, wire))
	}
	return terms
}

// readWitness returns all wires but the constant one.
func readWitness(path string) ([]fr.Element, error) {
	f, done, err := open(path)
	if err != nil {
		return nil, err
	}
	defer done()
	f.header("wtns", 2, 2)
	f.section(1)
	f.bytes(36)
	n := f.word()
	f.section(2)
	if f.err != nil {
		return nil, f.err
	}
	f.element()
	values := make([]fr.Element, n-1)
	for i := range values {
		values[i] = f.element()
	}
	return values, f.err
}
