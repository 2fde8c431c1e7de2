package record

import (
	"fmt"
	"reflect"
	"time"

	"github.com/gdeploy/gdeploy/values"
)

// fill sets what was found in a record.
func fill(into reflect.Value, found values.Value) error {
	if into.Type() == valueType {
		into.Set(reflect.ValueOf(found))
		return nil
	}
	if found.IsNull() {
		return nil
	}
	if into.Type() == timeType {
		return fillTime(into, found)
	}
	switch into.Kind() {
	case reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		return fill(into.Elem(), found)
	case reflect.Slice:
		return fillSlice(into, found)
	case reflect.Map:
		return fillMap(into, found)
	case reflect.Struct:
		return fillStruct(into, found)
	}
	return fillScalar(into, found)
}

func fillScalar(into reflect.Value, found values.Value) error {
	switch into.Kind() {
	case reflect.Bool:
		if b, ok := found.AsBool(); ok {
			into.SetBool(b)
			return nil
		}
	case reflect.String:
		if s, ok := found.AsString(); ok {
			into.SetString(s)
			return nil
		}
	case reflect.Int, reflect.Int64:
		if i, ok := found.AsInt(); ok && !into.OverflowInt(i) {
			into.SetInt(i)
			return nil
		}
	case reflect.Uint32:
		if i, ok := found.AsInt(); ok && i >= 0 && !into.OverflowUint(uint64(i)) {
			into.SetUint(uint64(i))
			return nil
		}
	case reflect.Float64:
		f, ok := found.AsFloat()
		if i, whole := found.AsInt(); whole {
			f, ok = float64(i), true
		}
		if ok {
			into.SetFloat(f)
			return nil
		}
	}
	return mismatch(into, found)
}

func mismatch(into reflect.Value, found values.Value) error {
	return fmt.Errorf("%s where a %s is wanted", found.Kind().Phrase(), into.Type())
}

func fillTime(into reflect.Value, found values.Value) error {
	text, ok := found.AsString()
	if !ok {
		return mismatch(into, found)
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return err
	}
	into.Set(reflect.ValueOf(t))
	return nil
}

func fillSlice(into reflect.Value, found values.Value) error {
	list, ok := found.AsList()
	if !ok {
		return mismatch(into, found)
	}
	slice := reflect.MakeSlice(into.Type(), len(list.Items), len(list.Items))
	for i, item := range list.Items {
		if err := fill(slice.Index(i), item); err != nil {
			return err
		}
	}
	into.Set(slice)
	return nil
}

func fillMap(into reflect.Value, found values.Value) error {
	m, ok := found.AsMap()
	if !ok {
		return mismatch(into, found)
	}
	if into.IsNil() {
		into.Set(reflect.MakeMapWithSize(into.Type(), m.Len()))
	}
	for key, value := range m.All() {
		inner := reflect.New(into.Type().Elem()).Elem()
		if err := fill(inner, value); err != nil {
			return err
		}
		into.SetMapIndex(reflect.ValueOf(values.Text(key)).Convert(into.Type().Key()), inner)
	}
	return nil
}

func fillStruct(into reflect.Value, found values.Value) error {
	m, ok := found.AsMap()
	if !ok {
		return mismatch(into, found)
	}
	for _, f := range fields(into.Type()) {
		value, ok := m.Get(f.name)
		if !ok {
			continue
		}
		if err := fill(into.FieldByIndex(f.index), value); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
	}
	return nil
}
