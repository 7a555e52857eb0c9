// gnark as a peer of benchmarks/prover (protocol: benchmarks/prover/peer.py).
//
//	gnark prepare native|r1cs CASE OUT    sets up; the keys go to the folder OUT
//	gnark serve native|r1cs CASE OUT      a proof for each line of standard input
//	gnark msm g1|g2 LOG2                  a multi-scalar multiplication for each line
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/rs/zerolog"

	"github.com/consensys/gnark/logger"
)

func main() {
	logger.Set(zerolog.Nop())
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "gnark:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 4 && args[0] == "prepare":
		return prepare(args[1], args[2], args[3])
	case len(args) == 4 && args[0] == "serve":
		return serveProofs(args[1], args[2], args[3])
	case len(args) == 3 && args[0] == "msm":
		log2, err := strconv.Atoi(args[2])
		if err != nil {
			return err
		}
		return serveMsm(args[1], log2)
	}
	return fmt.Errorf("arguments %q", args)
}

// say prints one JSON object as a line.
func say(facts map[string]any) error {
	return json.NewEncoder(os.Stdout).Encode(facts)
}

// serve says that it is ready, then for each line of standard input does the work and, off the clock, checks it.
func serve(work func() error, check func() error) error {
	if err := say(map[string]any{"ready": true}); err != nil {
		return err
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		started := time.Now()
		if err := work(); err != nil {
			return err
		}
		seconds := time.Since(started).Seconds()
		if err := check(); err != nil {
			return err
		}
		if err := say(map[string]any{"seconds": seconds, "verified": true}); err != nil {
			return err
		}
	}
	return lines.Err()
}
