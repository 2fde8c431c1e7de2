package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gdeploy/gdeploy/jinja"
)

// didYouMean ends a sentence about a name that nobody knows.
func didYouMean(name string, known []string) string {
	if near := jinja.Nearest(name, known); near != "" {
		return fmt.Sprintf(": did you mean %q?", near)
	}
	return ""
}

// nearestFlag says which flag was probably meant, or what is wrong with its value.
func nearestFlag(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &invalid):
		return fmt.Errorf("--%s is %q, and must be a whole number", invalid.GetFlag().Name, invalid.GetValue())
	case !errors.As(err, &unknown):
		return err
	case unknown.GetSpecifiedShortnames() != "":
		return fmt.Errorf("there is no flag -%s", unknown.GetSpecifiedName())
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	name := unknown.GetSpecifiedName()
	near := jinja.Nearest(strings.ToLower(name), names)
	if near == "" {
		return fmt.Errorf("there is no flag --%s", name)
	}
	return fmt.Errorf("there is no flag --%s: did you mean --%s?", name, near)
}

// arguments takes between least and most arguments; what says in words which ones.
func arguments(least, most int, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return fmt.Errorf("name %s", what)
		case most >= 0 && len(args) > most && most == 0:
			return fmt.Errorf("%q is too much: there are no arguments", args[0])
		case most >= 0 && len(args) > most:
			return fmt.Errorf("%q is too much: name only %s", args[most], what)
		}
		return nil
	}
}

// anyNumber is the most arguments of a command that takes as many as there are.
const anyNumber = -1
