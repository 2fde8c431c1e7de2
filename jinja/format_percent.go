package jinja

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gdeploy/gdeploy/values"
)

// percentFormat is Python's text % with.
func (r *run) percentFormat(text string, with values.Value) (values.Value, error) {
	f := &percent{run: r, rest: text, with: with}
	if l, ok := with.AsList(); ok && l.Tuple {
		f.args = l.Items
	} else {
		f.args, f.single = []values.Value{with}, true
	}
	if err := f.all(); err != nil {
		return values.Null, err
	}
	return values.String(f.b.String()), nil
}

type percent struct {
	*run
	rest   string
	with   values.Value
	args   []values.Value
	single bool // the one argument was no tuple
	named  bool
	b      strings.Builder
}

func (f *percent) all() error {
	for {
		i := strings.IndexByte(f.rest, '%')
		if i < 0 {
			f.b.WriteString(f.rest)
			break
		}
		f.b.WriteString(f.rest[:i])
		f.rest = f.rest[i+1:]
		if err := f.one(); err != nil {
			return err
		}
		if err := f.fits(f.b.Len()); err != nil {
			return err
		}
	}
	leftover := len(f.args) > 0 && !f.named
	indexable := isContainer(f.with) || f.with.Kind() == values.KindObject
	if leftover && !(f.single && indexable) {
		return typeErrorf("not all arguments converted during string formatting")
	}
	return nil
}

// one formats what follows a percent sign.
func (f *percent) one() error {
	key, hasKey, err := f.key()
	if err != nil {
		return err
	}
	s := spec{fill: " "}
	for f.rest != "" && strings.IndexByte("#0- +", f.rest[0]) >= 0 {
		s.flag(f.rest[0])
		f.rest = f.rest[1:]
	}
	if s.width, _, err = f.size(); err != nil {
		return err
	}
	if s.width < 0 {
		s.align, s.width = '<', -s.width
	}
	if strings.HasPrefix(f.rest, ".") {
		f.rest = f.rest[1:]
		if s.precision, _, err = f.size(); err != nil {
			return err
		}
		s.hasPrecision = true
	}
	if f.rest != "" && strings.IndexByte("hlL", f.rest[0]) >= 0 {
		f.rest = f.rest[1:]
	}
	if f.rest == "" {
		return ValueError("incomplete format")
	}
	verb, size := utf8.DecodeRuneInString(f.rest)
	f.rest = f.rest[size:]
	if verb == '%' {
		f.b.WriteByte('%')
		return nil
	}
	var v values.Value
	if hasKey {
		v, err = f.lookup(key)
	} else {
		v, err = f.next()
	}
	if err != nil {
		return err
	}
	return f.convert(verb, s, v)
}

func (s *spec) flag(c byte) {
	switch c {
	case '#':
		s.alternate = true
	case '0':
		s.zero = true
	case '-':
		s.align = '<'
	case '+':
		s.sign = '+'
	case ' ':
		if s.sign == 0 {
			s.sign = ' '
		}
	}
}

func (f *percent) key() (string, bool, error) {
	if !strings.HasPrefix(f.rest, "(") {
		return "", false, nil
	}
	depth := 0
	for i := range len(f.rest) {
		switch f.rest[i] {
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth == 0 {
			key := f.rest[1:i]
			f.rest = f.rest[i+1:]
			return key, true, nil
		}
	}
	return "", false, ValueError("incomplete format key")
}

// size reads a width or precision, which may be * for the next argument.
func (f *percent) size() (int, bool, error) {
	if strings.HasPrefix(f.rest, "*") {
		f.rest = f.rest[1:]
		v, err := f.next()
		if err != nil {
			return 0, false, err
		}
		n, ok := asSmall(v)
		if !ok {
			return 0, false, typeErrorf("* wants int")
		}
		return f.bounded(n)
	}
	n := 0
	for n < len(f.rest) && isDigit(f.rest[n]) {
		n++
	}
	if n == 0 {
		return 0, false, nil
	}
	width, err := strconv.ParseInt(f.rest[:n], 10, 64)
	if err != nil {
		return 0, false, f.fits(-1)
	}
	f.rest = f.rest[n:]
	return f.bounded(width)
}

func (f *percent) bounded(n int64) (int, bool, error) {
	if n > int64(f.limits.Output) || -n > int64(f.limits.Output) {
		return 0, false, f.fits(-1)
	}
	return int(n), true, nil
}

func (f *percent) lookup(key string) (values.Value, error) {
	f.named = true
	m, ok, err := AsMap(f.with)
	if err != nil {
		return values.Null, err
	}
	if !ok {
		return values.Null, typeErrorf("format requires a mapping")
	}
	v, ok := m.Get(key)
	if !ok {
		return v, valueErrorf("format: the dict has no key %s", values.Repr(values.String(key)))
	}
	return v, nil
}

func (f *percent) next() (values.Value, error) {
	if len(f.args) == 0 {
		return values.Null, typeErrorf("not enough arguments for format string")
	}
	v := f.args[0]
	f.args = f.args[1:]
	return v, need(v)
}

func (f *percent) convert(verb rune, s spec, v values.Value) error {
	text, err := s.percentVerb(verb, v)
	if err != nil {
		return err
	}
	f.b.WriteString(text)
	return nil
}
