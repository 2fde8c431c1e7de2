package filters

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
)

// versionOperators turn the outcome of a comparison into the answer.
var versionOperators = map[string]func(order int) bool{
	"==": func(o int) bool { return o == 0 }, "=": func(o int) bool { return o == 0 }, "eq": func(o int) bool { return o == 0 },
	"<": func(o int) bool { return o < 0 }, "lt": func(o int) bool { return o < 0 },
	"<=": func(o int) bool { return o <= 0 }, "le": func(o int) bool { return o <= 0 },
	">": func(o int) bool { return o > 0 }, "gt": func(o int) bool { return o > 0 },
	">=": func(o int) bool { return o >= 0 }, "ge": func(o int) bool { return o >= 0 },
	"!=": func(o int) bool { return o != 0 }, "<>": func(o int) bool { return o != 0 }, "ne": func(o int) bool { return o != 0 },
}

// versionOrders compare two versions by the rules of a scheme.
var versionOrders = map[string]func(a, b string) (int, error){
	"loose": looseOrder, "strict": strictOrder,
	"semver": semanticOrder, "semantic": semanticOrder,
	"pep440": pep440Order,
}

func version(c *jinja.Call) (bool, error) {
	text, err := c.Text()
	p := c.Params("version", "operator", "strict", "version_type")
	p.Need("version")
	other, operator := p.Text("version", ""), p.String("operator", "eq")
	strict := p.Value("strict", values.Null)
	kind := p.Value("version_type", values.Null)
	if err := first(err, p.Err()); err != nil {
		return false, err
	}
	name := "loose"
	switch {
	case !strict.IsNull() && !kind.IsNull():
		return false, fmt.Errorf("version: 'strict' and 'version_type' exclude each other")
	case !kind.IsNull():
		name = values.Text(kind)
	case strict.Truthy():
		name = "strict"
	}
	decide, order := versionOperators[operator], versionOrders[name]
	switch {
	case !c.Value.Truthy():
		return false, fmt.Errorf("Input version value cannot be empty")
	case other == "":
		return false, fmt.Errorf("Version parameter to compare against cannot be empty")
	case decide == nil:
		return false, fmt.Errorf("Invalid operator type (%s). Must be one of ==, =, eq, !=, <>, ne, <, lt, <=, le, >, gt, >=, ge", operator)
	case order == nil:
		return false, fmt.Errorf("Invalid version type (%s). Must be one of loose, strict, semver, semantic, pep440", name)
	}
	o, err := order(text, other)
	if err != nil {
		return false, fmt.Errorf("Version comparison failed: %w", err)
	}
	return decide(o), nil
}

var looseComponent = regexp.MustCompile(`\d+|[a-z]+|\.|[^\da-z.]+`)

// looseOrder compares runs of digits as numbers and runs of letters as text.
func looseOrder(a, b string) (int, error) {
	x, y := looseParts(a), looseParts(b)
	for i := range min(len(x), len(y)) {
		n, errN := strconv.ParseUint(x[i], 10, 64)
		m, errM := strconv.ParseUint(y[i], 10, 64)
		if (errN == nil) != (errM == nil) {
			return 0, fmt.Errorf("'<' not supported between instances of 'str' and 'int': %q and %q", x[i], y[i])
		}
		o := cmp.Compare(n, m)
		if errN != nil {
			o = strings.Compare(x[i], y[i])
		}
		if o != 0 {
			return o, nil
		}
	}
	return cmp.Compare(len(x), len(y)), nil
}

func looseParts(s string) []string {
	return slices.DeleteFunc(looseComponent.FindAllString(s, -1), func(p string) bool { return p == "." })
}

var strictVersion = regexp.MustCompile(`^(\d+)\.(\d+)(?:\.(\d+))?(?:([ab])(\d+))?$`)

// strictOrder compares versions such as 1.2, 1.2.3 and 1.2a1.
func strictOrder(a, b string) (int, error) {
	x, y := strictVersion.FindStringSubmatch(a), strictVersion.FindStringSubmatch(b)
	if x == nil || y == nil {
		return 0, fmt.Errorf("invalid version number: %q or %q", a, b)
	}
	for i := 1; i <= 3; i++ {
		if o := compareDigits(x[i], y[i]); o != 0 {
			return o, nil
		}
	}
	if x[4] == "" || y[4] == "" {
		return strings.Compare(cmp.Or(x[4], "z"), cmp.Or(y[4], "z")), nil
	}
	return cmp.Or(strings.Compare(x[4], y[4]), compareDigits(x[5], y[5])), nil
}

// compareDigits compares numbers of any length; an empty one is 0.
func compareDigits(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

var semanticVersion = regexp.MustCompile(`^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$`)

func semanticOrder(a, b string) (int, error) {
	x, y := semanticVersion.FindStringSubmatch(a), semanticVersion.FindStringSubmatch(b)
	if x == nil || y == nil {
		return 0, fmt.Errorf("invalid semantic version: %q or %q", a, b)
	}
	for i := 1; i <= 3; i++ {
		if o := compareDigits(x[i], y[i]); o != 0 {
			return o, nil
		}
	}
	if x[4] == "" || y[4] == "" {
		return cmp.Compare(boolInt(y[4] != ""), boolInt(x[4] != "")), nil
	}
	return prereleaseOrder(strings.Split(x[4], "."), strings.Split(y[4], ".")), nil
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// prereleaseOrder compares what follows a minus sign: numbers stand below letters.
func prereleaseOrder(x, y []string) int { return partsOrder(x, y, -1) }

// partsOrder compares part by part; numbers against letters go by the sign of numbers.
func partsOrder(x, y []string, numbers int) int {
	for i := range min(len(x), len(y)) {
		numX, numY := isNumber(x[i]), isNumber(y[i])
		o := strings.Compare(x[i], y[i])
		switch {
		case numX && numY:
			o = compareDigits(x[i], y[i])
		case numX != numY:
			o = numbers * (boolInt(numX) - boolInt(numY))
		}
		if o != 0 {
			return o
		}
	}
	return cmp.Compare(len(x), len(y))
}

func isNumber(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}
