package filters

import (
	"encoding/csv"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/variables/filters/jmespath"
)

// general are the filters of community.general that are in wide use.
func general() map[string]jinja.Filter {
	all := map[string]jinja.Filter{
		"counter":           counter,
		"crc32":             crc32Filter,
		"dict":              dictOfPairs,
		"dict_kv":           dictKV,
		"from_csv":          fromCSV,
		"groupby_as_dict":   groupbyAsDict,
		"json_query":        jsonQuery,
		"lists_mergeby":     listsMergeby,
		"random_mac":        randomMAC,
		"to_time_unit":      toTimeUnit,
		"unicode_normalize": unicodeNormalize,
		"version_sort":      versionSort,
	}
	for unit, name := range map[string]string{
		"ms": "to_milliseconds", "s": "to_seconds", "m": "to_minutes", "h": "to_hours",
		"d": "to_days", "w": "to_weeks", "mo": "to_months", "y": "to_years",
	} {
		all[name] = toUnit(unit)
	}
	return all
}

// jsonQuery searches by JMESPath.
func jsonQuery(c *jinja.Call) (values.Value, error) {
	p := c.Params("expr")
	p.Need("expr")
	expression := p.String("expr", "")
	if err := first(p.Err(), jinja.Defined(c.Value)); err != nil {
		return values.Null, err
	}
	q, err := jmespath.Compile(expression)
	if err != nil {
		return values.Null, fmt.Errorf("json_query: %w", err)
	}
	plain, err := jinja.PlainAll(c.Value)
	if err != nil {
		return values.Null, err
	}
	v, err := q.Search(plain)
	if err != nil {
		return values.Null, fmt.Errorf("json_query: %w", err)
	}
	return v, nil
}

// counter counts how often each element occurs.
func counter(c *jinja.Call) (values.Value, error) {
	if c.Value.Kind() != values.KindString && c.Value.Kind() != values.KindList {
		return values.Null, fmt.Errorf("counter needs a sequence (string or list), not %s", jinja.TypeName(c.Value))
	}
	items, err := c.Items()
	if err := first(err, c.Params().Err()); err != nil {
		return values.Null, err
	}
	counts := values.NewMap(0)
	for _, item := range items {
		before, _ := counts.GetKey(item)
		n, _ := before.AsInt()
		if !counts.SetKey(item, values.Int(n+1)) {
			return values.Null, fmt.Errorf("counter needs elements that are numbers or strings, not %s", jinja.TypeName(item))
		}
	}
	return values.FromMap(counts), nil
}

func crc32Filter(c *jinja.Call) (values.Value, error) {
	text, err := c.Text()
	return values.String(fmt.Sprintf("%x", crc32.ChecksumIEEE([]byte(text)))), first(err, c.Params().Err())
}

// dictOfPairs makes a dict of a list of pairs.
func dictOfPairs(c *jinja.Call) (values.Value, error) {
	items, err := c.Items()
	if err := first(err, c.Params().Err()); err != nil {
		return values.Null, err
	}
	m := values.NewMap(len(items))
	for i, item := range items {
		pair, err := jinja.Iterate(item)
		if err != nil {
			return values.Null, err
		}
		if len(pair) != 2 {
			return values.Null, jinja.ValueError(fmt.Sprintf("dictionary update sequence element #%d has length %d; 2 is required", i, len(pair)))
		}
		if !m.SetKey(pair[0], pair[1]) {
			return values.Null, jinja.TypeError("unhashable type: '" + jinja.TypeName(pair[0]) + "'")
		}
	}
	return values.FromMap(m), nil
}

func dictKV(c *jinja.Call) (values.Value, error) {
	p := c.Params("key")
	key := p.Need("key")
	m := values.NewMap(1)
	if !m.SetKey(key, c.Value) {
		return values.Null, jinja.TypeError("unhashable type: '" + jinja.TypeName(key) + "'")
	}
	return values.FromMap(m), p.Err()
}

// groupbyAsDict makes a dict of dicts by an attribute that is different in each.
func groupbyAsDict(c *jinja.Call) (values.Value, error) {
	p := c.Params("attribute")
	attribute := p.Need("attribute")
	if c.Value.Kind() != values.KindList {
		return values.Null, fmt.Errorf("groupby_as_dict: Input is not a sequence")
	}
	m := values.NewMap(0)
	for i, item := range c.Value.Items() {
		element, ok := item.AsMap()
		if !ok {
			return values.Null, fmt.Errorf("groupby_as_dict: Sequence element #%d is not a mapping", i)
		}
		key, ok := element.GetKey(attribute)
		if !ok {
			return values.Null, fmt.Errorf("groupby_as_dict: Attribute not contained in element #%d of sequence", i)
		}
		if _, seen := m.GetKey(key); seen {
			return values.Null, fmt.Errorf("groupby_as_dict: Multiple sequence entries have attribute value %s", values.Repr(key))
		}
		if !m.SetKey(key, item) {
			return values.Null, jinja.TypeError("unhashable type: '" + jinja.TypeName(key) + "'")
		}
	}
	return values.FromMap(m), p.Err()
}

// csvDialects give the delimiters of Python's dialects.
var csvDialects = map[string]rune{"excel": ',', "excel-tab": '\t', "unix": ','}

// fromCSV reads rows into dicts; the first row names the columns unless fieldnames does.
func fromCSV(c *jinja.Call) (values.Value, error) {
	p := c.Params("dialect", "fieldnames", "delimiter", "skipinitialspace", "strict")
	text, err := c.Text()
	dialect := p.String("dialect", "excel")
	comma, known := csvDialects[dialect]
	strict := p.Bool("strict", false)
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord, r.LazyQuotes, r.TrimLeadingSpace = -1, !strict, p.Bool("skipinitialspace", false)
	if d := p.Value("delimiter", values.Null); !d.IsNull() {
		runes := values.Runes(values.Text(d))
		if len(runes) != 1 {
			return values.Null, jinja.TypeError(`"delimiter" must be a 1-character string`)
		}
		comma = runes[0]
	}
	r.Comma = comma
	if err := first(err, p.Err()); err != nil {
		return values.Null, err
	}
	if !known {
		return values.Null, fmt.Errorf("from_csv: the dialect %q is not known: use excel, excel-tab or unix", dialect)
	}
	return csvRows(r, p.Value("fieldnames", values.Null))
}

func csvRows(r *csv.Reader, names values.Value) (values.Value, error) {
	columns := slices.Clone(names.Items())
	rows := []values.Value{}
	for named := !names.IsNull(); ; {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return values.FromSlice(rows), nil
		}
		if err != nil {
			return values.Null, fmt.Errorf("from_csv: %w", err)
		}
		if !named {
			columns, named = values.Strings(record...).Items(), true
			continue
		}
		rows = append(rows, csvRow(columns, record))
	}
}

// csvRow has null for columns that a row lacks, and what it has too much under null.
func csvRow(columns []values.Value, record []string) values.Value {
	row := values.NewMap(len(columns))
	for i, column := range columns {
		v := values.Null
		if i < len(record) {
			v = values.String(record[i])
		}
		row.SetKey(column, v)
	}
	if len(record) > len(columns) {
		row.SetKey(values.Null, values.Strings(record[len(columns):]...))
	}
	return values.FromMap(row)
}

// listsMergeby merges lists of dicts by a key that they share; the result is ordered by it.
func listsMergeby(c *jinja.Call) (values.Value, error) {
	p := c.Keywords("recursive", "list_merge")
	name := p.String("list_merge", "replace")
	g := merger{recursive: p.Bool("recursive", false), lists: listMerges[name], name: name}
	if p.Err() != nil {
		return values.Null, p.Err()
	}
	if g.lists == nil {
		return values.Null, fmt.Errorf("lists_mergeby: list_merge=%q is not known: use replace, keep, append, prepend, append_rp or prepend_rp", name)
	}
	if len(c.Args) == 0 {
		return values.Null, fmt.Errorf("lists_mergeby needs the name of the key as its last argument")
	}
	key, isText := c.Args[len(c.Args)-1].AsString()
	if !isText {
		return values.Null, fmt.Errorf("lists_mergeby: the last argument is the name of a key, not %s", jinja.TypeName(c.Args[len(c.Args)-1]))
	}
	merged := values.NewMap(0)
	for _, item := range flattenDicts(append([]values.Value{c.Value}, c.Args[:len(c.Args)-1]...)) {
		if err := g.mergeBy(merged, key, item); err != nil {
			return values.Null, err
		}
	}
	return c.Filter("sort", values.FromSlice(merged.Values()), nil, []jinja.Kwarg{{Name: "attribute", Value: values.String(key)}})
}

// flattenDicts opens lists at every depth.
func flattenDicts(items []values.Value) []values.Value {
	var flat []values.Value
	for _, item := range items {
		if item.Kind() == values.KindList {
			flat = append(flat, flattenDicts(item.Items())...)
			continue
		}
		flat = append(flat, item)
	}
	return flat
}

func (g merger) mergeBy(merged *values.Map, key string, item values.Value) error {
	m, ok := item.AsMap()
	if !ok {
		return fmt.Errorf("Elements of list arguments for lists_mergeby must be dictionaries. %s is %s", values.Repr(item), jinja.TypeName(item)) //lint:ignore ST1005 as the filter of the collection says it
	}
	by, ok := m.Get(key)
	if !ok {
		return nil
	}
	before, _ := merged.GetKey(by)
	low, ok := before.AsMap()
	if !ok {
		low = values.NewMap(0)
	}
	if !merged.SetKey(by, values.FromMap(g.merge(low, m))) {
		return jinja.TypeError("unhashable type: '" + jinja.TypeName(by) + "'")
	}
	return nil
}

var hexByte = regexp.MustCompile(`^[a-f0-9]{2}`)

// randomMAC completes a prefix of a MAC address.
func randomMAC(c *jinja.Call) (values.Value, error) {
	p := c.Params("seed")
	prefix, ok := c.Value.AsString()
	if !ok {
		return values.Null, fmt.Errorf("Invalid value type (%s) for random_mac: a string is needed", jinja.TypeName(c.Value)) //lint:ignore ST1005 as above
	}
	prefix = strings.ToLower(prefix)
	parts := strings.Split(prefix, ":")
	if len(parts) > 5 {
		return values.Null, fmt.Errorf("Invalid value (%s) for random_mac: 5 colon(:) separated items max", prefix) //lint:ignore ST1005 as above
	}
	for _, part := range parts {
		if !hexByte.MatchString(part) {
			return values.Null, fmt.Errorf("Invalid value (%s) for random_mac: %s not hexa byte", prefix, part) //lint:ignore ST1005 as above
		}
	}
	t, err := seeded(p)
	if err := first(p.Err(), err); err != nil {
		return values.Null, err
	}
	const lowest, highest = 0x1000000000, 0xffffffffff
	digits := fmt.Sprintf("%x", lowest+t.below(highest-lowest+1))
	for i := range 6 - len(parts) {
		prefix += ":" + digits[2*i:2*i+2]
	}
	return values.String(prefix), nil
}

func unicodeNormalize(c *jinja.Call) (values.Value, error) {
	p := c.Params("form")
	form := p.String("form", "NFC")
	text, ok := c.Value.AsString()
	if !ok {
		return values.Null, fmt.Errorf("unicode_normalize needs text, not %s", jinja.TypeName(c.Value))
	}
	forms := map[string]norm.Form{"NFC": norm.NFC, "NFD": norm.NFD, "NFKC": norm.NFKC, "NFKD": norm.NFKD}
	f, ok := forms[form]
	if !ok {
		return values.Null, fmt.Errorf("unicode_normalize: %s is not a valid form: use NFC, NFD, NFKC or NFKD", form)
	}
	return values.String(f.String(text)), p.Err()
}

// versionSort orders loose versions.
func versionSort(c *jinja.Call) (values.Value, error) {
	p := c.Params("reverse")
	reverse := p.Bool("reverse", false)
	items, err := c.Items()
	if err := first(err, p.Err()); err != nil {
		return values.Null, err
	}
	items = slices.Clone(items)
	var wrong error
	slices.SortStableFunc(items, func(a, b values.Value) int {
		o, err := looseOrder(values.Text(a), values.Text(b))
		wrong = first(wrong, err)
		if reverse {
			return -o
		}
		return o
	})
	return values.FromSlice(items), wrong
}
