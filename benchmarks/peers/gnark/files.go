package main

import (
	"bufio"
	"io"
	"os"
)

func write(path string, dump func(io.Writer) error) error {
	return writeFile(path, func(to *os.File) error {
		buffered := bufio.NewWriterSize(to, 1<<20)
		if err := dump(buffered); err != nil {
			return err
		}
		return buffered.Flush()
	})
}

func writeFile(path string, fill func(*os.File) error) error {
	handle, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := fill(handle); err != nil {
		_ = handle.Close()
		return err
	}
	return handle.Close()
}

func readFile(path string, read func(*os.File) error) error {
	handle, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = handle.Close() }()
	return read(handle)
}
