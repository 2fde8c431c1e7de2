package filters

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"strings"

	//lint:ignore SA1019 bcrypt is made of it
	"golang.org/x/crypto/blowfish"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
)

// md5Crypt is the published $1$ scheme, which old systems still want.
func md5Crypt(password, salt string) string {
	key, saltBytes := []byte(password), []byte(salt)
	sum := func(parts ...[]byte) []byte {
		h := md5.New()
		for _, part := range parts {
			h.Write(part)
		}
		return h.Sum(nil)
	}
	first := append(append(append([]byte{}, key...), "$1$"+salt...), stretch(sum(key, saltBytes, key), len(key))...)
	for n := len(key); n > 0; n >>= 1 {
		if n&1 != 0 {
			first = append(first, 0)
			continue
		}
		first = append(first, key[0])
	}
	digest := sum(first)
	for i := range 1000 {
		a, b := digest, key
		if i&1 != 0 {
			a, b = key, digest
		}
		parts := [][]byte{a}
		if i%3 != 0 {
			parts = append(parts, saltBytes)
		}
		if i%7 != 0 {
			parts = append(parts, key)
		}
		digest = sum(append(parts, b)...)
	}
	order := crypt{order: []int{0, 6, 12, 1, 7, 13, 2, 8, 14, 3, 9, 15, 4, 10, 5, -1, -1, 11}}
	return "$1$" + salt + "$" + order.encode(digest)
}

const bcryptAlphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

var bcryptEncoding = base64.NewEncoding(bcryptAlphabet).WithPadding(base64.NoPadding)

// bcryptSaltLength is how many characters a salt of bcrypt has; the last bits of the last
// one count for nothing.
const bcryptSaltLength = 22

// bcryptHash is bcrypt with a salt of the caller's, which golang.org/x/crypto/bcrypt does
// not take.
func bcryptHash(ctx context.Context, password, salt, ident string, cost int) (string, error) {
	raw, err := bcryptEncoding.DecodeString(salt[:bcryptSaltLength-1] + string(bcryptAlphabet[strings.IndexByte(bcryptAlphabet, salt[bcryptSaltLength-1])&^15]))
	if err != nil {
		return "", fmt.Errorf("password_hash: the salt %q is none for bcrypt: %w", salt, err)
	}
	key := append([]byte(password), 0)
	key = key[:min(len(key), 72)]
	cipher, err := blowfish.NewSaltedCipher(key, raw)
	if err != nil {
		return "", fmt.Errorf("password_hash: %w", err)
	}
	for i := range 1 << cost {
		if i%1024 == 0 && ctx.Err() != nil {
			return "", ctx.Err()
		}
		blowfish.ExpandKey(key, cipher)
		blowfish.ExpandKey(raw, cipher)
	}
	text := []byte("OrpheanBeholderScryDoubt")
	for at := 0; at < len(text); at += 8 {
		for range 64 {
			cipher.Encrypt(text[at:at+8], text[at:at+8])
		}
	}
	return fmt.Sprintf("$%s$%02d$%s%s", ident, cost, bcryptEncoding.EncodeToString(raw), bcryptEncoding.EncodeToString(text[:23])), nil
}

// passwordBcrypt is password_hash('bcrypt').
func passwordBcrypt(c *jinja.Call, p *jinja.Params, password string) (values.Value, error) {
	salt, err := saltFrom(p, saltRule{bcryptAlphabet, bcryptSaltLength, bcryptSaltLength})
	cost := 12
	if v, ok := p.Get("rounds"); ok && !v.IsNull() {
		cost = p.Int("rounds", cost)
	}
	ident := "2b"
	if v, ok := p.Get("ident"); ok && !v.IsNull() {
		ident = p.Text("ident", ident)
	}
	switch {
	case first(err, p.Err()) != nil:
		return values.Null, first(err, p.Err())
	case cost < 4 || cost > 31:
		return values.Null, fmt.Errorf("password_hash: rounds of bcrypt must be between 4 and 31, not %d", cost)
	case ident != "2b" && ident != "2a" && ident != "2y":
		return values.Null, fmt.Errorf("password_hash: ident must be 2b, 2a or 2y, not %q", ident)
	}
	text, err := bcryptHash(c.Ctx, password, salt, ident, cost)
	return values.String(text), err
}

// passwordMD5 is password_hash('md5').
func passwordMD5(p *jinja.Params, password string) (values.Value, error) {
	salt, err := saltFrom(p, saltRule{cryptAlphabet, 1, 8})
	return values.String(md5Crypt(password, salt)), first(err, p.Err())
}
