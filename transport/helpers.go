package transport

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
)

// Helpers finds the helper's program for a platform. All are for Linux.
type Helpers interface {
	// Programs gives the helpers by GOARCH. The error says what to do where there are none.
	Programs() (map[string]Program, error)
}

// Program is a helper's program.
type Program struct {
	// SHA256 is that of the program itself, in hexadecimal.
	SHA256 string
	// Size is the program's, in bytes.
	Size int64
	// Gzip is the compressed program.
	Gzip []byte
}

func (p Program) open() (io.Reader, error) {
	r, err := gzip.NewReader(bytes.NewReader(p.Gzip))
	if err != nil {
		return nil, fmt.Errorf("unpack the helper: %w", err)
	}
	return r, nil
}
