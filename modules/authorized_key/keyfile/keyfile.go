// Package keyfile reads and writes authorized_keys.
package keyfile

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Line is a line of the file. One that is no key, such as a remark, has only Text.
type Line struct {
	Options, Type, Key, Comment string
	// Text is the line as it stands in the file.
	Text string
}

// File is authorized_keys, line by line.
type File []Line

// String is the file's content.
func (f File) String() string {
	var b strings.Builder
	for _, line := range f {
		b.WriteString(line.String() + "\n")
	}
	return b.String()
}

// String is the line as it is written.
func (l Line) String() string {
	if l.Text != "" || l.Key == "" {
		return l.Text
	}
	words := slices.DeleteFunc([]string{l.Options, l.Type, l.Key, l.Comment}, func(s string) bool { return s == "" })
	return strings.Join(words, " ")
}

// Parse reads a file; what is no key is kept as it is.
func Parse(text string) File {
	var f File
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		l, err := parseLine(line)
		if err != nil {
			l = Line{}
		}
		l.Text = line
		f = append(f, l)
	}
	return f
}

// ParseKeys reads keys that somebody gave; blank lines and remarks are left out, and
// what is no key is an error.
func ParseKeys(text string) ([]Line, error) {
	var keys []Line
	var errs []error
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		l, err := parseLine(line)
		if err != nil {
			errs = append(errs, fmt.Errorf("invalid key specified: %s: %w", shortened(line), err))
		}
		keys = append(keys, l)
	}
	if len(keys) == 0 {
		errs = append(errs, errors.New("key is empty"))
	}
	return keys, errors.Join(errs...)
}

func shortened(line string) string {
	if len(line) > 40 {
		return strings.ToValidUTF8(line[:40], "") + "..."
	}
	return line
}

var keyType = regexp.MustCompile(`^(ssh-(rsa|dss|ed25519|ed448)|ecdsa-sha2-nistp(256|384|521)|sk-ssh-ed25519@openssh\.com|` +
	`sk-ecdsa-sha2-nistp256@openssh\.com|.+-cert-v01@openssh\.com)$`)

// parseLine reads [options] type key [comment].
func parseLine(line string) (Line, error) {
	line = strings.TrimSpace(line)
	if strings.HasPrefix(line, "#") {
		return Line{}, errors.New("it is a remark")
	}
	first, rest := cutWord(line)
	var l Line
	if !keyType.MatchString(first) {
		l.Options = first
		first, rest = cutWord(rest)
	}
	if !keyType.MatchString(first) {
		return Line{}, errors.New("it does not begin with a key type such as ssh-ed25519")
	}
	l.Type = first
	l.Key, l.Comment = cutWord(rest)
	return l, CheckKey(l.Type, l.Key)
}

// cutWord cuts at the first blank outside of double quotes.
func cutWord(s string) (word, rest string) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && quoted:
			i++
		case s[i] == '"':
			quoted = !quoted
		case (s[i] == ' ' || s[i] == '\t') && !quoted:
			return s[:i], strings.TrimSpace(s[i:])
		}
	}
	return s, ""
}

// CheckKey finds a key that was cut off or mixed up when it was copied: the encoded part
// repeats the type, and is made of fields with their lengths.
func CheckKey(kind, key string) error {
	raw, err := base64.StdEncoding.DecodeString(key)
	if err != nil {
		return errors.New("the part after the type is not base64; was a piece lost in copying?")
	}
	inside, rest, whole := cutField(raw)
	if whole && inside != kind {
		return fmt.Errorf("it says %s and is a key of type %s", kind, inside)
	}
	for whole && len(rest) > 0 && !strings.Contains(kind, "-cert-") {
		_, rest, whole = cutField(rest)
	}
	if !whole {
		return errors.New("the key is too short; was a piece lost in copying?")
	}
	return nil
}

// cutField cuts a field off, which has its length before it.
func cutField(raw []byte) (field string, rest []byte, whole bool) {
	if len(raw) < 4 {
		return "", nil, false
	}
	length := uint64(binary.BigEndian.Uint32(raw))
	if length > uint64(len(raw)-4) {
		return "", nil, false
	}
	return string(raw[4 : 4+length]), raw[4+length:], true
}

// With gives the file with keys in it, each once; exclusive drops all that is not one
// of them.
func (f File) With(keys []Line, exclusive bool) File {
	var after File
	placed := map[string]bool{}
	for _, line := range f {
		i := slices.IndexFunc(keys, func(k Line) bool { return line.Key != "" && k.Key == line.Key })
		switch {
		case i < 0 && !exclusive:
			after = append(after, line)
		case i >= 0 && !placed[line.Key]:
			placed[line.Key] = true
			if keys[i].Options == line.Options && keys[i].Comment == line.Comment && keys[i].Type == line.Type {
				after = append(after, line)
				continue
			}
			after = append(after, keys[i])
		}
	}
	for _, key := range keys {
		if !placed[key.Key] {
			placed[key.Key] = true
			after = append(after, key)
		}
	}
	return after
}

// Without gives the file without keys, whatever their options.
func (f File) Without(keys []Line) File {
	return slices.DeleteFunc(slices.Clone(f), func(line Line) bool {
		return line.Key != "" && slices.ContainsFunc(keys, func(k Line) bool { return k.Key == line.Key })
	})
}
