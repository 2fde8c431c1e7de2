package filters

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strings"

	"golang.org/x/crypto/blake2b"
	"golang.org/x/crypto/blake2s"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/variables/charsets"
)

// hashes are the functions that hash() knows, by the names of Python's hashlib.
func hashes() map[string]func() hash.Hash {
	return map[string]func() hash.Hash{
		"blake2b":    func() hash.Hash { h, _ := blake2b.New512(nil); return h },
		"blake2s":    func() hash.Hash { h, _ := blake2s.New256(nil); return h },
		"md5":        md5.New,
		"sha1":       sha1.New,
		"sha224":     sha256.New224,
		"sha256":     sha256.New,
		"sha384":     sha512.New384,
		"sha512":     sha512.New,
		"sha512_224": sha512.New512_224,
		"sha512_256": sha512.New512_256,
		"sha3_224":   func() hash.Hash { return sha3.New224() },
		"sha3_256":   func() hash.Hash { return sha3.New256() },
		"sha3_384":   func() hash.Hash { return sha3.New384() },
		"sha3_512":   func() hash.Hash { return sha3.New512() },
	}
}

func hashFilter(c *jinja.Call) (values.Value, error) {
	p := c.Params("hashtype")
	name := p.String("hashtype", "sha1")
	if p.Err() != nil {
		return values.Null, p.Err()
	}
	return digest(c, name)
}

func checksum(c *jinja.Call) (values.Value, error) {
	if err := c.Params().Err(); err != nil {
		return values.Null, err
	}
	return digest(c, "sha1")
}

func md5Filter(c *jinja.Call) (values.Value, error) {
	if err := c.Params().Err(); err != nil {
		return values.Null, err
	}
	return digest(c, "md5")
}

func digest(c *jinja.Call, name string) (values.Value, error) {
	text, err := c.Text()
	if err != nil {
		return values.Null, err
	}
	newHash := hashes()[strings.ToLower(name)]
	if newHash == nil {
		known := []string{}
		for name := range hashes() {
			known = append(known, name)
		}
		slices.Sort(known)
		return values.Null, fmt.Errorf("unsupported hash type %s: use one of %s", name, strings.Join(known, ", "))
	}
	h := newHash()
	h.Write([]byte(text))
	return values.String(hex.EncodeToString(h.Sum(nil))), nil
}

func b64encode(c *jinja.Call) (values.Value, error) {
	text, err := c.Text()
	p := c.Params("encoding")
	data, charsetErr := charsets.Encode([]byte(text), p.String("encoding", "utf-8"))
	return values.String(base64.StdEncoding.EncodeToString(data)), first(err, p.Err(), charsetErr)
}

func b64decode(c *jinja.Call) (values.Value, error) {
	text, err := c.Text()
	p := c.Params("encoding")
	encoding := p.String("encoding", "utf-8")
	if err := first(err, p.Err()); err != nil {
		return values.Null, err
	}
	kept := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '+' || r == '/' || r == '=' {
			return r
		}
		return -1
	}, text)
	data, err := base64.StdEncoding.DecodeString(kept)
	if err != nil {
		return values.Null, fmt.Errorf("Incorrect padding: the text is not base64: %w", err) //lint:ignore ST1005 as Python says it
	}
	data, err = charsets.Decode(data, encoding)
	return values.String(string(data)), err
}
