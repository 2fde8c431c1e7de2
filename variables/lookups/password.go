package lookups

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/variables/filters"
)

const (
	lowercase   = "abcdefghijklmnopqrstuvwxyz"
	uppercase   = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits      = "0123456789"
	punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
	whitespace  = " \t\n\r\v\f"
)

// charNames are the names that chars may use, those of Python's module string.
var charNames = map[string]string{
	"ascii_letters": lowercase + uppercase, "ascii_lowercase": lowercase, "ascii_uppercase": uppercase,
	"digits": digits, "hexdigits": digits + "abcdefABCDEF", "octdigits": "01234567", "punctuation": punctuation,
	"whitespace": whitespace, "printable": digits + lowercase + uppercase + punctuation + whitespace,
}

// passwordFiles keeps two hosts from making the same file at once.
var passwordFiles sync.Mutex

// wantedPassword is what one term of the lookup password asks for.
type wantedPassword struct {
	path    string
	length  int
	chars   []rune
	seed    string // chooses the characters where it is not empty
	encrypt string // the scheme to hash it with; empty is none
	ident   string // the version of bcrypt
}

// password gives the password that a file on the controller holds, and makes the file
// where there is none: "path length=20 chars=ascii_letters,digits".
func password(q *Query) ([]values.Value, error) {
	if err := q.only("length", "chars", "seed", "encrypt", "ident"); err != nil {
		return nil, err
	}
	return q.each(func(term string) (values.Value, error) {
		w, err := q.passwordTerm(term)
		if err != nil {
			return values.Null, fmt.Errorf("lookup password %q: %w", term, err)
		}
		text, err := w.get(q)
		if err != nil {
			return values.Null, fmt.Errorf("lookup password %q: %w", term, err)
		}
		return values.String(text).MarkSecret(), nil
	})
}

func (q *Query) passwordTerm(term string) (w wantedPassword, err error) {
	path, pairs := keyValues(term)
	get := func(name, def string) string {
		if text, ok := pairs[name]; ok {
			return text
		}
		return q.text(name, def)
	}
	for key := range pairs {
		if _, ok := map[string]bool{"length": true, "chars": true, "seed": true, "encrypt": true, "ident": true}[key]; !ok {
			return w, fmt.Errorf("Unrecognized parameter(s) given to password lookup: %s; it takes length, chars, seed, encrypt and ident", key) //lint:ignore ST1005 as Ansible says it
		}
	}
	if path == "" {
		return w, errors.New("needs the path of the file first; /dev/null keeps none")
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(q.From.Dir(), path)
	}
	length, err := strconv.Atoi(get("length", "20"))
	if err != nil || length < 1 || length > 100_000 {
		return w, fmt.Errorf("length=%s is not a number from 1 to 100000", get("length", ""))
	}
	chars, err := q.passwordChars(pairs)
	w = wantedPassword{path: path, length: length, chars: chars, seed: get("seed", ""), encrypt: get("encrypt", ""), ident: get("ident", "")}
	if v, ok := q.Options.Get("encrypt"); ok && !v.Truthy() {
		w.encrypt = ""
	}
	return w, err
}

// passwordChars are the characters to choose from, each as often as it is named: with a
// seed that decides which are chosen.
func (q *Query) passwordChars(pairs map[string]string) ([]rune, error) {
	names := []string{"ascii_letters", "digits", ".,:-_"}
	if v, ok := q.Options.Get("chars"); ok && !v.IsNull() {
		names = nil
		for _, item := range v.Items() {
			names = append(names, values.Text(item))
		}
		if v.Kind() != values.KindList {
			names = strings.Split(values.Text(v), ",")
		}
	}
	if text, ok := pairs["chars"]; ok {
		names = splitChars(text)
	}
	var b strings.Builder
	for _, name := range names {
		if set, ok := charNames[name]; ok {
			name = set
		}
		b.WriteString(name)
	}
	set := []rune(strings.NewReplacer(`"`, "", "'", "").Replace(b.String()))
	if len(set) == 0 {
		return nil, errors.New("chars names no characters")
	}
	return set, nil
}

// splitChars splits names of sets at commas; ",," is the comma itself.
func splitChars(names string) []string {
	var list []string
	if strings.Contains(names, ",,") {
		list = append(list, ",")
	}
	for name := range strings.SplitSeq(strings.ReplaceAll(names, ",,", ","), ",") {
		if name != "" {
			list = append(list, name)
		}
	}
	return list
}

// get reads the password, or makes it, and hashes it where that is wanted.
func (w wantedPassword) get(q *Query) (string, error) {
	var scheme filters.Scheme
	if w.encrypt != "" {
		var err error
		if scheme, err = filters.SchemeOf(w.encrypt); err != nil {
			return "", err
		}
	}
	passwordFiles.Lock()
	kept, err := w.kept(scheme)
	passwordFiles.Unlock()
	if err != nil || w.encrypt == "" {
		return kept.text, err
	}
	return scheme.Hash(q.Ctx, kept.text, kept.salt, kept.ident)
}

// keptPassword is what stands in a file: "text salt=SALT ident=2b".
type keptPassword struct{ text, salt, ident string }

// kept reads the file and completes it: with the text where there was none, and the salt
// where one is needed.
func (w wantedPassword) kept(scheme filters.Scheme) (keptPassword, error) {
	k, err := w.read()
	before := k
	if errors.Is(err, fs.ErrNotExist) {
		before, k.text, err = keptPassword{text: "\x00"}, "", nil
		if w.seed != "" {
			k.text = filters.Seeded(w.seed, w.length, w.chars)
		} else {
			k.text, err = randomText(w.length, w.chars)
		}
	}
	if err == nil && w.encrypt != "" && k.salt == "" {
		k.salt, err = scheme.Salt()
	}
	if scheme.Ident() != "" && k.ident == "" {
		if k.ident = w.ident; k.ident == "" {
			k.ident = scheme.Ident()
		}
	}
	if err != nil || k == before || w.path == "/dev/null" {
		return k, err
	}
	if err := os.MkdirAll(filepath.Dir(w.path), 0o700); err != nil {
		return k, err
	}
	return k, os.WriteFile(w.path, []byte(k.line()), 0o600)
}

func (w wantedPassword) read() (k keptPassword, err error) {
	if w.path == "/dev/null" {
		return k, fs.ErrNotExist
	}
	data, err := os.ReadFile(w.path)
	text := strings.TrimRight(string(data), "\r\n")
	if i := strings.LastIndex(text, " ident="); i >= 0 {
		text, k.ident = text[:i], text[i+len(" ident="):]
	}
	if i := strings.LastIndex(text, " salt="); i >= 0 {
		text, k.salt = text[:i], text[i+len(" salt="):]
	}
	k.text = text
	return k, err
}

func (k keptPassword) line() string {
	line := k.text
	if k.salt != "" {
		line += " salt=" + k.salt
	}
	if k.ident != "" {
		line += " ident=" + k.ident
	}
	return line + "\n"
}

func randomText(length int, set []rune) (string, error) {
	out := make([]rune, length)
	for i := range out {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(set))))
		if err != nil {
			return "", err
		}
		out[i] = set[n.Int64()]
	}
	return string(out), nil
}
