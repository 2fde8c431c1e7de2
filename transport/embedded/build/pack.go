package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os/exec"
)

// packer is what has compressed a helper.
type packer string

const (
	libdeflate packer = "libdeflate-gzip"
	goGzip     packer = "compress/gzip"
)

// worse is how much a packer may need over a size that the best one reaches.
func (p packer) worse(size int) int {
	if p == libdeflate {
		return 0
	}
	return size * 8 / 100
}

// pack compresses a helper for gzip -d on a host. libdeflate, where it is installed (see
// lab/install-packages), makes it 6 % smaller than Go's gzip can.
func pack(content []byte) ([]byte, packer, error) {
	cmd := exec.Command(string(libdeflate), "-12", "-c")
	cmd.Stdin = bytes.NewReader(content)
	packed, err := cmd.Output()
	if errors.Is(err, exec.ErrNotFound) {
		packed, err = packByGo(content)
		return packed, goGzip, err
	}
	if err != nil {
		return nil, libdeflate, fmt.Errorf("%s: %w", libdeflate, err)
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, libdeflate, fmt.Errorf("read what %s wrote: %w", libdeflate, err)
	}
	if back, err := io.ReadAll(r); err != nil || !bytes.Equal(back, content) {
		return nil, libdeflate, fmt.Errorf("%s did not give back what it was given (%v)", libdeflate, err)
	}
	return packed, libdeflate, nil
}

func packByGo(content []byte) ([]byte, error) {
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	err = w.Close()
	return packed.Bytes(), err
}
