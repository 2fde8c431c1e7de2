package filters

import (
	"context"
	"fmt"
)

// Scheme is a way to hash passwords, as the lookup password uses it by the name that
// passlib gives it.
type Scheme struct {
	name string
	rule saltRule
}

// SchemeOf finds one by its name: md5_crypt, bcrypt, sha256_crypt or sha512_crypt.
func SchemeOf(name string) (Scheme, error) {
	switch name {
	case "md5_crypt":
		return Scheme{name, saltRule{cryptAlphabet, 1, 8}}, nil
	case "bcrypt":
		return Scheme{name, saltRule{bcryptAlphabet, bcryptSaltLength, bcryptSaltLength}}, nil
	case "sha256_crypt", "sha512_crypt":
		return Scheme{name, saltRule{cryptAlphabet, 1, 16}}, nil
	}
	return Scheme{}, fmt.Errorf("does not support '%s' algorithm: use md5_crypt, bcrypt, sha256_crypt or sha512_crypt", name)
}

// Ident is the version that hashes name where nobody chooses one; only bcrypt has any.
func (s Scheme) Ident() string {
	if s.name == "bcrypt" {
		return "2b"
	}
	return ""
}

// Salt makes one at random.
func (s Scheme) Salt() (string, error) { return s.rule.random(s.rule.longest) }

// Hash hashes a password with that salt; ident is of bcrypt alone.
func (s Scheme) Hash(ctx context.Context, password, salt, ident string) (string, error) {
	if err := s.rule.check(salt); err != nil {
		return "", err
	}
	switch s.name {
	case "md5_crypt":
		return md5Crypt(password, salt), nil
	case "bcrypt":
		return bcryptHash(ctx, password, salt, ident, 12)
	}
	scheme := crypts[s.name[:len("sha512")]]
	return scheme.hash(ctx, password, salt, scheme.rounds)
}

// Seeded gives text of that length whose characters a seed chooses out of set, as
// Python's random.Random(seed).choice does.
func Seeded(seed string, length int, set []rune) string {
	t := newTwister(textSeed(seed))
	out := make([]rune, length)
	for i := range out {
		out[i] = set[t.below(uint64(len(set)))]
	}
	return string(out)
}
