package lookups

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/variables/charsets"
)

// csvfile gives a column of the row whose first column is the term.
func csvfile(q *Query) ([]values.Value, error) {
	if err := q.only("file", "delimiter", "col", "default", "keycol", "encoding"); err != nil {
		return nil, err
	}
	var out []values.Value
	for _, term := range q.Terms {
		key, pairs := keyValues(values.Text(term))
		get := func(name, def string) string {
			if text, ok := pairs[name]; ok {
				return text
			}
			return q.text(name, def)
		}
		if key == "" {
			return nil, errors.New("csvfile: Search key is required but was not found")
		}
		v, err := q.csvCell(key, get)
		if err != nil {
			return nil, fmt.Errorf("csvfile: %w", err)
		}
		out = append(out, v)
	}
	return flatten(out), nil
}

func (q *Query) csvCell(key string, get func(name, def string) string) (values.Value, error) {
	path, err := q.find("files", get("file", "ansible.csv"))
	if err != nil {
		return values.Null, err
	}
	data, err := q.readIn(path, get("encoding", "utf-8"))
	if err != nil {
		return values.Null, err
	}
	column, err := strconv.Atoi(get("col", "1"))
	if err != nil {
		return values.Null, fmt.Errorf("col is a number counted from 0: %w", err)
	}
	keyColumn, err := strconv.Atoi(get("keycol", "0"))
	if err != nil {
		return values.Null, fmt.Errorf("keycol is a number counted from 0: %w", err)
	}
	r := csv.NewReader(strings.NewReader(data))
	r.FieldsPerRecord, r.LazyQuotes = -1, true
	if r.Comma, err = delimiter(get("delimiter", "TAB")); err != nil {
		return values.Null, err
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return q.csvDefault(get), nil
		}
		if err != nil {
			return values.Null, err
		}
		if keyColumn < len(row) && row[keyColumn] == key {
			if column < 0 || column >= len(row) {
				return values.Null, fmt.Errorf("%s has no column %d in the row %q", path, column, key)
			}
			return values.String(row[column]), nil
		}
	}
}

func delimiter(text string) (rune, error) {
	if text == "TAB" {
		return '\t', nil
	}
	if runes := []rune(text); len(runes) == 1 {
		return runes[0], nil
	}
	return 0, fmt.Errorf("\"delimiter\" must be a 1-character string, not %q", text)
}

// readIn reads a file that is in another encoding than UTF-8.
func (q *Query) readIn(path, encoding string) (string, error) {
	data, err := q.From.Read(path)
	if err != nil {
		return "", err
	}
	text, err := charsets.Decode([]byte(values.Text(data)), encoding)
	return string(text), err
}

func (q *Query) csvDefault(get func(name, def string) string) values.Value {
	if v, ok := q.Options.Get("default"); ok {
		return v
	}
	if text := get("default", ""); text != "" {
		return values.String(text)
	}
	return values.FromSlice(nil)
}
