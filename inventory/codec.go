package inventory

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/spf13/viper"

	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/values/yaml"
)

// Sources are loaded through Viper, which knows formats by their codecs. Viper
// lower-cases keys and splits them at dots; so each of our codecs decodes a whole source
// into one value under one key, which Viper carries without looking into it.
const onlyKey = "source"

// codec decodes one source of one format. Decoding never fails as such: what is wrong
// with the text is kept, with positions, in what it decodes to.
type codec[T any] struct {
	file string
	read func(src []byte, file string) T
}

// Decode implements viper.Decoder.
func (c codec[T]) Decode(src []byte, into map[string]any) error {
	into[onlyKey] = c.read(src, c.file)
	return nil
}

// Encode implements viper.Encoder: inventories are never written back.
func (c codec[T]) Encode(map[string]any) ([]byte, error) {
	return nil, errors.New("inventories are not written")
}

// decode reads src by the codec of the format: "ini", "yaml", "json" or "toml".
func decode[T any](format string, src []byte, file string, readers map[string]func([]byte, string) T) (T, error) {
	registry := viper.NewCodecRegistry()
	for name, read := range readers {
		if err := registry.RegisterCodec(name, codec[T]{file: file, read: read}); err != nil {
			var none T
			return none, fmt.Errorf("read %s: %w", file, err)
		}
	}
	v := viper.NewWithOptions(viper.KeyDelimiter("\x00"), viper.WithCodecRegistry(registry))
	v.SetConfigType(format)
	if err := v.ReadConfig(bytes.NewReader(src)); err != nil {
		var none T
		return none, fmt.Errorf("read %s: %w", file, err)
	}
	return v.Get(onlyKey).(T), nil
}

// sourceFormats are the formats of inventories.
var sourceFormats = map[string]func([]byte, string) *document{
	"ini":  readINI,
	"yaml": readTree,
	"json": readTree,
	"toml": readTOML,
}

// variableFormats are the formats of group_vars and host_vars.
var variableFormats = map[string]func([]byte, string) *variables{
	"yaml": readVariables,
	"json": readVariables,
}

// variables is what one file of variables says.
type variables struct {
	vars     *values.Map // nil where the file is empty
	warnings []Warning
	err      error
}

func readVariables(src []byte, file string) *variables {
	v, warnings, err := yaml.Load(src, file)
	found := &variables{warnings: warnings, err: err}
	if err != nil || !v.Truthy() {
		return found // as Ansible: an empty list or text is no variables
	}
	var ok bool
	if found.vars, ok = v.AsMap(); !ok {
		found.err = yaml.NewError(src, v.Pos(), fmt.Sprintf("a file of variables is a mapping, not %s", v.Kind().Phrase()))
	}
	return found
}
