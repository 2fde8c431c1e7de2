package runlog

import (
	"bufio"
	"bytes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/crypto/chacha20poly1305"
)

// seal encrypts the lines of one run's state with a key of its own, which lies elsewhere
// ($XDG_STATE_HOME/gdeploy/keys, mode 0600): a copy of the state without the key tells
// nothing, and the state of one run cannot be slipped under another one.
type seal struct {
	run  string
	file string
	aead cipher.AEAD
}

// newSeal makes the key of a run that begins.
func newSeal(runs, run string) (seal, error) {
	name := keyFile(runs, run)
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return seal{}, err
	}
	key := make([]byte, chacha20poly1305.KeySize)
	_, _ = rand.Read(key) // never fails
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return seal{}, err
	}
	_, err = f.Write(key)
	if err = errors.Join(err, syncFile(f), f.Close()); err != nil {
		return seal{}, err
	}
	return withKey(run, name, key)
}

// oldSeal reads the key of a run that began before.
func oldSeal(runs, run string) (seal, error) {
	name := keyFile(runs, run)
	key, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return seal{}, fmt.Errorf("its key %s is not there, and without it nobody can read what it had done", name)
	}
	if err != nil {
		return seal{}, err
	}
	return withKey(run, name, key)
}

// keyFile is where the key of a run lies: beside the directory of runs, not in it.
func keyFile(runs, run string) string { return filepath.Join(filepath.Dir(runs), "keys", run) }

func withKey(run, file string, key []byte) (seal, error) {
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		return seal{}, fmt.Errorf("%s: %w", file, err)
	}
	return seal{run: run, file: file, aead: aead}, nil
}

func (s seal) forget() error {
	err := os.Remove(s.file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// close seals a line, as a JSON string. It holds at its place only.
func (s seal) close(text []byte, number int64) []byte {
	nonce := make([]byte, s.aead.NonceSize(), s.aead.NonceSize()+len(text)+s.aead.Overhead())
	_, _ = rand.Read(nonce)
	sealed := s.aead.Seal(nonce, nonce, text, s.place(number))
	out := make([]byte, base64.StdEncoding.EncodedLen(len(sealed))+2)
	base64.StdEncoding.Encode(out[1:], sealed)
	out[0], out[len(out)-1] = '"', '"'
	return out
}

var errSealed = errors.New("it was changed, cut short or written with another key")

func (s seal) open(sealed []byte, number int64) ([]byte, error) {
	text, err := base64.StdEncoding.AppendDecode(nil, bytes.Trim(sealed, `"`))
	if err != nil || len(text) < s.aead.NonceSize() {
		return nil, errSealed
	}
	nonce, text := text[:s.aead.NonceSize()], text[s.aead.NonceSize():]
	text, err = s.aead.Open(nil, nonce, text, s.place(number))
	if err != nil {
		return nil, errSealed
	}
	return text, nil
}

func (s seal) place(number int64) []byte {
	return binary.BigEndian.AppendUint64([]byte(s.run+" "), uint64(number))
}

// sealedLines reads all lines that are whole.
func sealedLines(r io.Reader) ([][]byte, error) {
	var lines [][]byte
	for in := bufio.NewReader(r); ; {
		text, err := in.ReadBytes('\n')
		if err == io.EOF {
			return lines, nil
		}
		if err != nil {
			return nil, err
		}
		lines = append(lines, bytes.TrimSuffix(text, []byte("\n")))
	}
}
