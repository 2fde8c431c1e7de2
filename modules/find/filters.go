package find

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/pythonre"
)

// filters are the parameters that say what fits, read.
type filters struct {
	wanted, unwanted []*regexp.Regexp
	inside           *regexp.Regexp
	whole            bool
	// endsEarly tells that inside has a $, which in Python also matches before a last line break.
	endsEarly bool
	age, size *int64
	// lines reads one file after the other.
	lines *bufio.Reader
}

var (
	ageUnits  = map[string]int64{"": 1, "s": 1, "m": 60, "h": 3600, "d": 24 * 3600, "w": 7 * 24 * 3600}
	sizeUnits = map[string]int64{"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
)

// measure reads a number with a unit behind it; a negative one is a most, not a least.
func (f *filters) measure(name, text string, units map[string]int64, to **int64) error {
	if text == "" {
		return nil
	}
	digits := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	n, err := strconv.ParseInt(digits, 10, 64)
	unit, known := units[strings.ToLower(text[len(digits):])]
	if err != nil || !known {
		return modules.Problem{Msg: name + ": " + strconv.Quote(text) + " is no number with a unit behind it", Ansible: "failed to process " + name}
	}
	n *= unit
	*to = &n
	return nil
}

func (f *filters) names(patterns, excludes []string, areRegex bool) error {
	read := func(list []string, to *[]*regexp.Regexp) (err error) {
		for _, text := range list {
			if !areRegex {
				text = fromShell(text)
			}
			re, bad := pythonre.Compile(`\A(?:`+text+`)`, pythonre.Options{Unicode: true})
			if bad != nil {
				err = errors.Join(err, modules.Invalid("%v", bad))
			}
			*to = append(*to, re)
		}
		return err
	}
	return errors.Join(read(patterns, &f.wanted), read(excludes, &f.unwanted))
}

func (f *filters) content(pattern string, whole bool) (err error) {
	if f.whole = whole; pattern == "" {
		return nil
	}
	f.endsEarly = strings.Contains(pattern, "$")
	if !whole {
		pattern = `\A(?:` + pattern + `)`
	}
	if f.inside, err = pythonre.Compile(pattern, pythonre.Options{}); err != nil {
		return modules.Invalid("contains: %v", err)
	}
	return nil
}

// fromShell makes a regular expression of a shell's pattern.
func fromShell(pattern string) string {
	var b strings.Builder
	b.WriteString("(?s:")
	for i := 0; i < len(pattern); i++ {
		closing := strings.IndexByte(pattern[min(i+2, len(pattern)):], ']') + i + 2
		switch c := pattern[i]; {
		case c == '*':
			b.WriteString(".*")
		case c == '?':
			b.WriteByte('.')
		case c == '[' && closing > i+1 && closing < len(pattern):
			set := strings.ReplaceAll(pattern[i+1:closing], `\`, `\\`)
			if strings.HasPrefix(set, "!") {
				set = "^" + set[1:]
			}
			b.WriteString("[" + set + "]")
			i = closing
		default:
			b.WriteString(regexp.QuoteMeta(pattern[i : i+1]))
		}
	}
	return b.String() + `)\Z`
}

// fits reports whether an entry is wanted.
func (f *filters) fits(sys modules.Reader, name string, st modules.Stat, fileType string, stamp, now time.Time) (bool, error) {
	kind := map[string]bool{
		"any": true, "directory": st.Mode.IsDir(), "file": st.Mode.IsRegular(), "link": st.Mode&fs.ModeSymlink != 0,
	}[fileType]
	base := path.Base(name)
	if !kind || len(f.wanted) > 0 && !matches(f.wanted, base) || matches(f.unwanted, base) {
		return false, nil
	}
	if !reaches(int64(now.Sub(stamp)/time.Second), f.age) {
		return false, nil
	}
	if st.Mode.IsRegular() && !reaches(st.Size, f.size) {
		return false, nil
	}
	if f.inside == nil || fileType != "file" {
		return true, nil
	}
	return f.contains(sys, name)
}

func matches(list []*regexp.Regexp, name string) bool {
	for _, re := range list {
		if re.MatchString(name) {
			return true
		}
	}
	return false
}

// reaches compares with a least, or where that is negative with a most; nil is no limit.
func reaches(n int64, limit *int64) bool {
	if limit == nil {
		return true
	}
	if *limit < 0 {
		return n <= -*limit
	}
	return n >= *limit
}

func (f *filters) matchesInside(text []byte) bool {
	return f.inside.Match(text) || f.endsEarly && f.inside.Match(bytes.TrimSuffix(text, []byte("\n")))
}

// lineLimit is how much of a line is looked at: a file that is no text may be one line.
const lineLimit = 1 << 20

// wholeLimit is up to which size a file is read at once.
const wholeLimit = 64 << 20

func (f *filters) contains(sys modules.Reader, name string) (bool, error) {
	if f.whole {
		text, err := modules.ReadFile(sys, name, wholeLimit)
		return f.matchesInside(text), err
	}
	file, err := sys.Open(name)
	if err != nil {
		return false, err
	}
	defer file.Close()
	if f.lines == nil {
		f.lines = bufio.NewReaderSize(nil, lineLimit)
	}
	f.lines.Reset(file)
	for begins := true; ; {
		line, err := f.lines.ReadSlice('\n')
		if begins && len(line) > 0 && f.matchesInside(line) {
			return true, nil
		}
		begins = !errors.Is(err, bufio.ErrBufferFull) // else the rest of the line comes next
		switch {
		case errors.Is(err, io.EOF):
			return false, nil
		case err != nil && begins:
			return false, err
		}
	}
}

func (m *Module) stamp(st modules.Stat) time.Time {
	switch m.AgeStamp {
	case "atime":
		return st.AccessTime
	case "ctime":
		return st.ChangeTime
	}
	return st.ModTime
}
