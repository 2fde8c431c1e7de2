package filters

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
)

var pep440Version = regexp.MustCompile(`^v?(?:(\d+)!)?(\d+(?:\.\d+)*)` +
	`(?:[-_.]?(alpha|a|beta|b|preview|pre|c|rc)[-_.]?(\d*))?` +
	`(-\d+|[-_.]?(?:post|rev|r)[-_.]?\d*)?` +
	`([-_.]?dev[-_.]?\d*)?` +
	`(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?$`)

var pep440Stages = map[string]int{"a": 1, "alpha": 1, "b": 2, "beta": 2, "c": 3, "rc": 3, "pre": 3, "preview": 3}

// pep440 is a version of a Python package in the parts that order it.
type pep440 struct {
	epoch         string
	release       []string
	stage         int // 0 dev release alone, 1 to 3 pre-releases, 4 the release
	stageNumber   string
	post, dev     string
	hasPost, isDv bool
	local         []string
}

func parsePEP440(s string) (pep440, error) {
	m := pep440Version.FindStringSubmatch(strings.ToLower(strings.TrimSpace(s)))
	if m == nil {
		return pep440{}, fmt.Errorf("invalid version: %q", s)
	}
	v := pep440{epoch: m[1], release: strings.Split(m[2], "."), stage: pep440Stages[m[3]], stageNumber: m[4]}
	for n := len(v.release); n > 1 && strings.Trim(v.release[n-1], "0") == ""; n-- {
		v.release = v.release[:n-1]
	}
	v.hasPost, v.post = m[5] != "", onlyDigits(m[5])
	v.isDv, v.dev = m[6] != "", onlyDigits(m[6])
	switch {
	case m[3] != "":
	case v.isDv && !v.hasPost:
		v.stage = 0
	default:
		v.stage = 4
	}
	if m[7] != "" {
		v.local = strings.FieldsFunc(m[7], func(r rune) bool { return strings.ContainsRune("-_.", r) })
	}
	return v, nil
}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

func pep440Order(a, b string) (int, error) {
	x, err := parsePEP440(a)
	if err != nil {
		return 0, err
	}
	y, err := parsePEP440(b)
	if err != nil {
		return 0, err
	}
	return x.compare(y), nil
}

func (v pep440) compare(w pep440) int {
	if o := compareDigits(v.epoch, w.epoch); o != 0 {
		return o
	}
	for i := range min(len(v.release), len(w.release)) {
		if o := compareDigits(v.release[i], w.release[i]); o != 0 {
			return o
		}
	}
	return cmp.Or(
		cmp.Compare(len(v.release), len(w.release)),
		cmp.Compare(v.stage, w.stage),
		compareDigits(v.stageNumber, w.stageNumber),
		cmp.Compare(boolInt(v.hasPost), boolInt(w.hasPost)),
		compareDigits(v.post, w.post),
		cmp.Compare(boolInt(!v.isDv), boolInt(!w.isDv)),
		compareDigits(v.dev, w.dev),
		localOrder(v.local, w.local),
	)
}

// localOrder compares what follows a plus sign: numbers stand above letters.
func localOrder(x, y []string) int { return partsOrder(x, y, +1) }
