package filters

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"hash"
	"strconv"
	"strings"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
)

// crypt is one of the SHA schemes of crypt(3).
type crypt struct {
	id      string
	newHash func() hash.Hash
	order   []int // in which the bytes of the digest are written, three at a time
	rounds  int   // what passwords get unless the caller says otherwise
}

var crypts = map[string]crypt{
	"sha256": {"5", sha256.New, []int{
		0, 10, 20, 21, 1, 11, 12, 22, 2, 3, 13, 23, 24, 4, 14, 15, 25, 5, 6, 16, 26, 27, 7, 17, 18, 28, 8, 9, 19, 29, -1, 31, 30,
	}, 535000},
	"sha512": {"6", sha512.New, []int{
		0, 21, 42, 22, 43, 1, 44, 2, 23, 3, 24, 45, 25, 46, 4, 47, 5, 26, 6, 27, 48, 28, 49, 7, 50, 8, 29, 9, 30, 51, 31, 52, 10,
		53, 11, 32, 12, 33, 54, 34, 55, 13, 56, 14, 35, 15, 36, 57, 37, 58, 16, 59, 17, 38, 18, 39, 60, 40, 61, 19, 62, 20, 41, -1, -1, 63,
	}, 656000},
}

const cryptAlphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// passwordHash hashes a password as /etc/shadow has it.
func passwordHash(c *jinja.Call) (values.Value, error) {
	password, err := c.Text()
	p := c.Params("hashtype", "salt", "salt_size", "rounds", "ident")
	name := p.String("hashtype", "sha512")
	scheme, ok := crypts[name]
	switch {
	case err != nil:
		return values.Null, err
	case name == "bcrypt" || name == "blowfish":
		return passwordBcrypt(c, p, password)
	case name == "md5":
		return passwordMD5(p, password)
	case !ok:
		return values.Null, first(p.Err(), fmt.Errorf("password_hash: the scheme %q is not supported: use sha512, sha256, bcrypt (blowfish) or md5", name))
	}
	salt, err := saltFrom(p, saltRule{cryptAlphabet, 1, 16})
	rounds := scheme.rounds
	if v, ok := p.Get("rounds"); ok && !v.IsNull() {
		rounds = p.Int("rounds", rounds)
	}
	if err := first(err, p.Err()); err != nil {
		return values.Null, err
	}
	if rounds < 1000 || rounds > 999_999_999 {
		return values.Null, fmt.Errorf("password_hash: rounds must be between 1000 and 999999999, not %d", rounds)
	}
	text, err := scheme.hash(c.Ctx, password, salt, rounds)
	return values.String(text), err
}

func (s crypt) hash(ctx context.Context, password, salt string, rounds int) (string, error) {
	digest, err := s.digest(ctx, password, salt, rounds)
	prefix := "$" + s.id + "$"
	if rounds != 5000 {
		prefix += "rounds=" + strconv.Itoa(rounds) + "$"
	}
	return prefix + salt + "$" + s.encode(digest), err
}

// saltRule is what a scheme takes as a salt.
type saltRule struct {
	alphabet          string
	shortest, longest int
}

// saltFrom gives the salt that the template has, or one at random.
func saltFrom(p *jinja.Params, rule saltRule) (string, error) {
	if v, ok := p.Get("salt"); ok && !v.IsNull() {
		salt := p.Text("salt", "")
		return salt, first(rule.check(salt), p.Err())
	}
	size := rule.longest
	if v, ok := p.Get("salt_size"); ok && !v.IsNull() {
		size = max(rule.shortest, min(p.Int("salt_size", size), rule.longest))
	}
	salt, err := rule.random(size)
	return salt, first(err, p.Err())
}

func (r saltRule) random(size int) (string, error) {
	salt := make([]byte, size)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("no random numbers: %w", err)
	}
	for i := range salt {
		salt[i] = r.alphabet[salt[i]&63]
	}
	return string(salt), nil
}

func (r saltRule) check(salt string) error {
	bad := strings.ContainsFunc(salt, func(c rune) bool { return !strings.ContainsRune(r.alphabet, c) })
	if bad || len(salt) < r.shortest || len(salt) > r.longest {
		return fmt.Errorf("password_hash: invalid salt: it must have %s letters, digits, dots or slashes", r)
	}
	return nil
}

// String says how long a salt may be.
func (r saltRule) String() string {
	if r.shortest == r.longest {
		return strconv.Itoa(r.longest)
	}
	return fmt.Sprintf("%d to %d", r.shortest, r.longest)
}

func (s crypt) sum(parts ...[]byte) []byte {
	h := s.newHash()
	for _, part := range parts {
		h.Write(part)
	}
	return h.Sum(nil)
}

// stretch repeats data to n bytes.
func stretch(data []byte, n int) []byte {
	out := make([]byte, 0, n+len(data))
	for len(out) < n {
		out = append(out, data...)
	}
	return out[:n]
}

// digest is the published SHA-crypt algorithm.
func (s crypt) digest(ctx context.Context, password, salt string, rounds int) ([]byte, error) {
	key, saltBytes := []byte(password), []byte(salt)
	b := s.sum(key, saltBytes, key)
	h := s.newHash()
	h.Write(key)
	h.Write(saltBytes)
	h.Write(stretch(b, len(key)))
	for n := len(key); n > 0; n >>= 1 {
		if n&1 != 0 {
			h.Write(b)
			continue
		}
		h.Write(key)
	}
	a := h.Sum(nil)
	h.Reset()
	for range len(key) {
		h.Write(key)
	}
	p := stretch(h.Sum(nil), len(key))
	h.Reset()
	for range 16 + int(a[0]) {
		h.Write(saltBytes)
	}
	return s.rounded(ctx, a, p, stretch(h.Sum(nil), len(saltBytes)), rounds)
}

func (s crypt) rounded(ctx context.Context, a, p, salt []byte, rounds int) ([]byte, error) {
	h := s.newHash()
	for i := range rounds {
		if i%10_000 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		h.Reset()
		first, last := a, p
		if i&1 != 0 {
			first, last = p, a
		}
		h.Write(first)
		if i%3 != 0 {
			h.Write(salt)
		}
		if i%7 != 0 {
			h.Write(p)
		}
		h.Write(last)
		a = h.Sum(a[:0:0])
	}
	return a, nil
}

// encode writes the digest in crypt's own base 64.
func (s crypt) encode(digest []byte) string {
	if digest == nil {
		return ""
	}
	var b strings.Builder
	for i := 0; i < len(s.order); i += 3 {
		var n uint32
		size := 1
		for _, at := range s.order[i : i+3] {
			n <<= 8
			if at >= 0 {
				n |= uint32(digest[at])
				size++
			}
		}
		for range size {
			b.WriteByte(cryptAlphabet[n&63])
			n >>= 6
		}
	}
	return b.String()
}
