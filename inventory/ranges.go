package inventory

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// maxExpanded bounds how many hosts one line may stand for.
const maxExpanded = 1_000_000

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// expandHosts gives the names that a host line's first word stands for, with the port
// that it carries or 0: web[01:10:2], db-[a:f].example.com:2222, [::1]:22.
func expandHosts(word string) (names []string, port int, err error) {
	host, port, _ := splitPort(word)
	if strings.TrimSpace(host) == "---" {
		return nil, 0, errors.New("--- starts a YAML document, but this file is read as INI: give it the extension .yml")
	}
	if strings.HasSuffix(word, ":") && port == 0 && !strings.Contains(word, "[") {
		return nil, 0, fmt.Errorf("%q ends in a colon without a port (in YAML, name the file .yml)", word)
	}
	if port > 65535 {
		return nil, 0, fmt.Errorf("%d is no port", port)
	}
	names, err = expandRanges(host)
	return names, port, err
}

// expandRanges expands every [begin:end:step] of s, the first one slowest.
func expandRanges(s string) ([]string, error) {
	head, rest, ok := strings.Cut(s, "[")
	if !ok {
		return []string{s}, nil
	}
	body, tail, ok := strings.Cut(rest, "]")
	if !ok {
		return nil, fmt.Errorf("%q has a [ without its ]", s)
	}
	parts, err := expandRange(body)
	if err != nil {
		return nil, fmt.Errorf("%q has the range [%s]: %w", s, body, err)
	}
	tails, err := expandRanges(tail)
	if err != nil {
		return nil, err
	}
	if len(parts)*len(tails) > maxExpanded {
		return nil, fmt.Errorf("%q stands for more than %d hosts", s, maxExpanded)
	}
	names := make([]string, 0, len(parts)*len(tails))
	for _, part := range parts {
		for _, end := range tails {
			names = append(names, head+part+end)
		}
	}
	return names, nil
}

// expandRange expands begin:end or begin:end:step, both ends included.
func expandRange(body string) ([]string, error) {
	bounds := strings.Split(body, ":")
	if len(bounds) != 2 && len(bounds) != 3 {
		return nil, errors.New("want begin:end or begin:end:step")
	}
	begin, end, step := bounds[0], bounds[1], 1
	if len(bounds) == 3 {
		n, err := strconv.Atoi(bounds[2])
		if err != nil || n < 1 {
			return nil, fmt.Errorf("the step %q is not a number above 0", bounds[2])
		}
		step = n
	}
	if begin == "" {
		begin = "0"
	}
	if end == "" {
		return nil, errors.New("the end is missing")
	}
	if len(begin) == 1 && len(end) == 1 && strings.Contains(letters, begin) && strings.Contains(letters, end) {
		return letterRange(begin, end, step)
	}
	return numberRange(begin, end, step)
}

func letterRange(begin, end string, step int) ([]string, error) {
	first, last := strings.Index(letters, begin), strings.Index(letters, end)
	if first > last {
		return nil, fmt.Errorf("%s comes after %s", begin, end)
	}
	var parts []string
	for i := first; i <= last; i += step {
		parts = append(parts, letters[i:i+1])
	}
	return parts, nil
}

func numberRange(begin, end string, step int) ([]string, error) {
	first, err1 := strconv.ParseUint(begin, 10, 62)
	last, err2 := strconv.ParseUint(end, 10, 62)
	if err1 != nil || err2 != nil {
		return nil, errors.New("want two numbers or two single letters")
	}
	width := 0
	if begin[0] == '0' && len(begin) > 1 {
		if width = len(begin); width != len(end) {
			return nil, fmt.Errorf("begin and end differ in length: with a leading zero both need %d digits", max(len(begin), len(end)))
		}
	}
	if first > last {
		return nil, fmt.Errorf("%s comes after %s", begin, end)
	}
	if (last-first)/uint64(step) >= maxExpanded {
		return nil, fmt.Errorf("it stands for more than %d hosts", maxExpanded)
	}
	var parts []string
	for n := first; n <= last; n += uint64(step) {
		parts = append(parts, fmt.Sprintf("%0*d", width, n))
	}
	return parts, nil
}
