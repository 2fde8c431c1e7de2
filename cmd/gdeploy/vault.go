package main

import (
	"errors"

	"github.com/gdeploy/gdeploy/variables"
)

func openVault(file string) (variables.Vault, error) {
	return nil, badOption(errors.New("vault"))
}
