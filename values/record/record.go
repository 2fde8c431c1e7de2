// Package record writes structs as JSON, and reads them, with the codec of values: for the
// wire, the journal and the notes that are kept on hosts.
//
// It knows the tags that encoding/json has (names, omitempty, "-", embedded structs) for
// bools, numbers, strings, times, slices, maps with string keys, pointers, structs and
// values.Value. encoding/json would make the helper larger by a twentieth.
package record

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gdeploy/gdeploy/values"
)

// Encode writes v, in one line.
func Encode(v any) ([]byte, error) {
	value, err := Value(v)
	if err != nil {
		return nil, err
	}
	return values.Encode(value)
}

// Value gives what Encode would write.
func Value(v any) (values.Value, error) {
	value, err := toValue(reflect.ValueOf(v))
	if err != nil {
		return values.Null, fmt.Errorf("encode %T: %w", v, err)
	}
	return value, nil
}

// Decode reads into what the pointer points to. Names that it does not know are passed
// over, and fields that are missing or null keep what they have.
func Decode(data []byte, pointer any) error {
	value, err := values.Decode(data)
	if err != nil {
		return err
	}
	return FromValue(value, pointer)
}

// FromValue is Decode for what was read already.
func FromValue(value values.Value, pointer any) error {
	if err := fill(reflect.ValueOf(pointer).Elem(), value); err != nil {
		return fmt.Errorf("decode %T: %w", pointer, err)
	}
	return nil
}

var (
	valueType = reflect.TypeFor[values.Value]()
	timeType  = reflect.TypeFor[time.Time]()
)

// field is one field of a struct.
type field struct {
	name      string
	index     []int
	omitEmpty bool
}

var known sync.Map // of []field, by reflect.Type

// fields are a struct's fields, those of embedded ones among them.
func fields(t reflect.Type) []field {
	if list, ok := known.Load(t); ok {
		return list.([]field)
	}
	var list []field
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			for _, inner := range fields(f.Type) {
				inner.index = append([]int{i}, inner.index...)
				list = append(list, inner)
			}
		case f.IsExported() && name != "-":
			if name == "" {
				name = f.Name
			}
			list = append(list, field{name, []int{i}, options == "omitempty"})
		}
	}
	known.Store(t, list)
	return list
}

func toValue(v reflect.Value) (values.Value, error) {
	switch v.Type() {
	case valueType:
		return v.Interface().(values.Value), nil
	case timeType:
		return values.String(v.Interface().(time.Time).Format(time.RFC3339Nano)), nil
	}
	switch v.Kind() {
	case reflect.Bool:
		return values.Bool(v.Bool()), nil
	case reflect.String:
		return values.String(v.String()), nil
	case reflect.Int, reflect.Int64:
		return values.Int(v.Int()), nil
	case reflect.Uint32:
		return values.Int(int64(v.Uint())), nil
	case reflect.Float64:
		return values.Float(v.Float()), nil
	case reflect.Pointer:
		if v.IsNil() {
			return values.Null, nil
		}
		return toValue(v.Elem())
	case reflect.Slice:
		return fromSlice(v)
	case reflect.Map:
		return fromMap(v)
	case reflect.Struct:
		return fromStruct(v)
	}
	return values.Null, fmt.Errorf("a %s cannot be written", v.Type())
}

func fromSlice(v reflect.Value) (values.Value, error) {
	if v.IsNil() {
		return values.Null, nil
	}
	items := make([]values.Value, v.Len())
	for i := range items {
		var err error
		if items[i], err = toValue(v.Index(i)); err != nil {
			return values.Null, err
		}
	}
	return values.FromSlice(items), nil
}

func fromMap(v reflect.Value) (values.Value, error) {
	if v.IsNil() {
		return values.Null, nil
	}
	keys := make([]string, 0, v.Len())
	for _, key := range v.MapKeys() {
		keys = append(keys, key.String())
	}
	slices.Sort(keys)
	m := values.NewMap(len(keys))
	for _, key := range keys {
		value, err := toValue(v.MapIndex(reflect.ValueOf(key).Convert(v.Type().Key())))
		if err != nil {
			return values.Null, err
		}
		m.Set(key, value)
	}
	return values.FromMap(m), nil
}

func fromStruct(v reflect.Value) (values.Value, error) {
	list := fields(v.Type())
	m := values.NewMap(len(list))
	for _, f := range list {
		inner := v.FieldByIndex(f.index)
		if f.omitEmpty && empty(inner) {
			continue
		}
		value, err := toValue(inner)
		if err != nil {
			return values.Null, fmt.Errorf("%s: %w", f.name, err)
		}
		m.Set(f.name, value)
	}
	return values.FromMap(m), nil
}

func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}
