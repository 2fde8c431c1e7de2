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
)

const (
	lowercase    = "abcdefghijklmnopqrstuvwxyz"
	digits       = "0123456789"
	punctuation  = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
	defaultChars = "ascii_letters,digits,.,,:,-,_"
)

// charsets are the names that chars may use.
var charsets = map[string]string{
	"ascii_letters": lowercase + strings.ToUpper(lowercase), "ascii_lowercase": lowercase, "ascii_uppercase": strings.ToUpper(lowercase),
	"digits": digits, "hexdigits": digits + "abcdefABCDEF", "octdigits": "01234567", "punctuation": punctuation,
}

// passwordFiles keeps two hosts from making the same file at once.
var passwordFiles sync.Mutex

// password gives the password that a file on the controller holds, and makes the file
// where there is none: "path length=20 chars=ascii_letters,digits".
func password(q *Query) ([]values.Value, error) {
	if err := q.only("length", "chars"); err != nil {
		return nil, err
	}
	return q.each(func(term string) (values.Value, error) {
		path, length, chars, err := q.passwordTerm(term)
		if err != nil {
			return values.Null, fmt.Errorf("lookup password %q: %w", term, err)
		}
		text, err := keptPassword(path, length, chars)
		if err != nil {
			return values.Null, fmt.Errorf("lookup password %q: %w", term, err)
		}
		return values.String(text).MarkSecret(), nil
	})
}

func (q *Query) passwordTerm(term string) (path string, length int, chars string, err error) {
	path, pairs := keyValues(term)
	for key := range pairs {
		if key != "length" && key != "chars" {
			return "", 0, "", fmt.Errorf("%q is not supported: it takes length and chars (encrypt with the filter password_hash)", key)
		}
	}
	if path == "" {
		return "", 0, "", errors.New("needs the path of the file first; /dev/null keeps none")
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(q.From.Dir(), path)
	}
	wanted := pairs["length"]
	if wanted == "" {
		wanted = q.text("length", "20")
	}
	if length, err = strconv.Atoi(wanted); err != nil || length < 1 || length > 100_000 {
		return "", 0, "", fmt.Errorf("length=%s is not a number from 1 to 100000", wanted)
	}
	names := pairs["chars"]
	if names == "" {
		names = q.text("chars", defaultChars)
	}
	if v, ok := q.Options.Get("chars"); ok && v.Kind() == values.KindList {
		return path, length, charset(v.Items()), nil
	}
	return path, length, charset(splitChars(names)), nil
}

// splitChars splits names of sets at commas; ",," is the comma itself.
func splitChars(names string) []values.Value {
	comma := strings.Contains(names, ",,")
	list := strings.Split(strings.ReplaceAll(names, ",,", ","), ",")
	if comma {
		list = append(list, ",")
	}
	return values.Strings(list...).Items()
}

func charset(names []values.Value) string {
	var b strings.Builder
	for _, v := range names {
		name := values.Text(v)
		if set, ok := charsets[name]; ok {
			name = set
		}
		for _, r := range name {
			if !strings.ContainsRune(b.String(), r) {
				b.WriteRune(r)
			}
		}
	}
	return b.String()
}

func keptPassword(path string, length int, chars string) (string, error) {
	if path == "/dev/null" {
		return randomText(length, chars)
	}
	passwordFiles.Lock()
	defer passwordFiles.Unlock()
	data, err := os.ReadFile(path)
	if err == nil {
		text, _, _ := strings.Cut(strings.TrimRight(string(data), "\n"), " salt=")
		return text, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	text, err := randomText(length, chars)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	return text, os.WriteFile(path, []byte(text+"\n"), 0o600)
}

func randomText(length int, chars string) (string, error) {
	set := []rune(chars)
	if len(set) == 0 {
		return "", errors.New("chars names no characters")
	}
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
