package yaml

import (
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/values"
)

// The patterns by which YAML 1.1 tells numbers and times from strings, as PyYAML has them.
var (
	intPattern   = regexp.MustCompile(`^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$`)
	floatPattern = regexp.MustCompile(`^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$`)
	timePattern  = regexp.MustCompile(`^([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:(?:[Tt]|[ \t]+)([0-9]{1,2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]*))?(?:[ \t]*(Z|([-+])([0-9]{1,2})(?::([0-9]{2}))?))?)?$`)
	datePattern  = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)
)

var plainWordsOf = map[string]values.Value{
	"": values.Null, "~": values.Null, "null": values.Null, "Null": values.Null, "NULL": values.Null,
	"yes": values.True, "Yes": values.True, "YES": values.True, "no": values.False, "No": values.False, "NO": values.False,
	"true": values.True, "True": values.True, "TRUE": values.True, "false": values.False, "False": values.False, "FALSE": values.False,
	"on": values.True, "On": values.True, "ON": values.True, "off": values.False, "Off": values.False, "OFF": values.False,
}

// plain gives the value of a scalar that stands without quotes and without a tag.
func plain(s string) (values.Value, error) {
	if len(s) <= 5 {
		if v, ok := plainWordsOf[s]; ok {
			return v, nil
		}
	}
	switch {
	case s == "=":
		return values.Null, fmt.Errorf(`a lone = has a meaning of its own in YAML: quote it`)
	case s == "<<":
		return values.Null, fmt.Errorf(`<< is only a key, of a mapping to merge: quote it`)
	case !numberStart(s[0]):
		return values.String(s), nil
	case floatPattern.MatchString(s):
		return floatValue(s)
	case intPattern.MatchString(s):
		return intValue(s)
	case isTime(s):
		return timeValue(s)
	}
	return values.String(s), nil
}

// isTime tells whether a text is a date, or a date with a time.
func isTime(s string) bool {
	return datePattern.MatchString(s) || strings.Contains(s, ":") && timePattern.MatchString(s)
}

func numberStart(c byte) bool {
	return c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.'
}

// Number gives the number that YAML 1.1 reads in s, and false where s is no number.
func Number(s string) (values.Value, bool) {
	if s == "" || !numberStart(s[0]) {
		return values.Null, false
	}
	v, err := plain(s)
	if err != nil || v.Kind() != values.KindInt && v.Kind() != values.KindFloat {
		return values.Null, false
	}
	return v, true
}

func intValue(s string) (values.Value, error) {
	digits := strings.ReplaceAll(s, "_", "")
	negative := strings.HasPrefix(digits, "-")
	digits = strings.TrimLeft(digits, "+-")
	n, ok := new(big.Int), false
	switch {
	case digits == "0":
		ok = true
	case strings.HasPrefix(digits, "0b"):
		n, ok = n.SetString(digits[2:], 2)
	case strings.HasPrefix(digits, "0x"):
		n, ok = n.SetString(digits[2:], 16)
	case strings.HasPrefix(digits, "0"):
		n, ok = n.SetString(digits, 8)
	case strings.Contains(digits, ":"):
		n, ok = sexagesimal(digits)
	default:
		if i, err := strconv.ParseInt(digits, 10, 64); err == nil {
			n, ok = n.SetInt64(i), true
		} else {
			n, ok = n.SetString(digits, 10)
		}
	}
	if !ok {
		return values.Null, fmt.Errorf("%q is no integer", s)
	}
	if negative {
		n.Neg(n)
	}
	return values.BigInt(n), nil
}

func sexagesimal(s string) (*big.Int, bool) {
	n, sixty := new(big.Int), big.NewInt(60)
	for part := range strings.SplitSeq(s, ":") {
		digit, ok := new(big.Int).SetString(part, 10)
		if !ok {
			return nil, false
		}
		n.Add(n.Mul(n, sixty), digit)
	}
	return n, true
}

func floatValue(s string) (values.Value, error) {
	digits := strings.ToLower(strings.ReplaceAll(s, "_", ""))
	sign := 1.0
	if strings.HasPrefix(digits, "-") {
		sign = -1
	}
	digits = strings.TrimLeft(digits, "+-")
	switch digits {
	case ".inf":
		return values.Float(math.Inf(int(sign))), nil
	case ".nan":
		return values.Float(math.NaN()), nil
	}
	total := 0.0
	for part := range strings.SplitSeq(digits, ":") {
		f, err := strconv.ParseFloat(part, 64)
		if err != nil && !math.IsInf(f, 0) || strings.ContainsAny(part, "xp") {
			return values.Null, fmt.Errorf("%q is no number", s)
		}
		total = total*60 + f
	}
	return values.Float(sign * total), nil
}

// timeValue gives a date or time as the text that Python prints for it: values has no
// times, and {{ when }} shows the same.
func timeValue(s string) (values.Value, error) {
	m := timePattern.FindStringSubmatch(s)
	if m == nil {
		return values.Null, fmt.Errorf("%q is no date", s)
	}
	num := func(i int) int { n, _ := strconv.Atoi(m[i]); return n }
	at := time.Date(num(1), time.Month(num(2)), num(3), num(4), num(5), num(6), 0, time.UTC)
	if at.Day() != num(3) || int(at.Month()) != num(2) || num(1) == 0 || num(4) > 23 || num(5) > 59 || num(6) > 59 {
		return values.Null, fmt.Errorf("%q looks like a date, but there is no such day or time: quote it if it is text", s)
	}
	if m[4] == "" {
		return values.String(at.Format("2006-01-02")), nil
	}
	text := at.Format("2006-01-02 15:04:05")
	if fraction := (m[7] + "000000")[:6]; fraction != "000000" {
		text += "." + fraction
	}
	switch {
	case m[9] != "" && num(10) == 0 && num(11) == 0, m[8] == "Z":
		text += "+00:00"
	case m[9] != "":
		text += fmt.Sprintf("%s%02d:%02d", m[9], num(10), num(11))
	}
	return values.String(text), nil
}
