package transfer_test

import (
	"testing"

	"github.com/gdeploy/gdeploy/modules/moduletest"
	"github.com/gdeploy/gdeploy/modules/transfer"
)

func TestCases(t *testing.T) { moduletest.Run(t, transfer.Spec) }
