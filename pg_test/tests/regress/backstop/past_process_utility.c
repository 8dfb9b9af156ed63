/* What an extension can do to a table without a utility statement. */
#include "postgres.h"

#include "commands/tablecmds.h"
#include "fmgr.h"
#include "nodes/makefuncs.h"
#include "nodes/parsenodes.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(rewrite);
PG_FUNCTION_INFO_V1(build_index);

static void
alter(Oid table, AlterTableType subtype, Node *definition)
{
	AlterTableCmd *cmd = makeNode(AlterTableCmd);

	cmd->subtype = subtype;
	cmd->def = definition;
	AlterTableInternal(table, list_make1(cmd), false);
}

Datum
rewrite(PG_FUNCTION_ARGS)
{
	alter(PG_GETARG_OID(0), AT_SetUnLogged, NULL);
	PG_RETURN_VOID();
}

Datum
build_index(PG_FUNCTION_ARGS)
{
	IndexElem  *column = makeNode(IndexElem);
	IndexStmt  *index = makeNode(IndexStmt);

	column->name = "v";
	index->accessMethod = "btree";
	index->indexParams = list_make1(column);
	index->transformed = true;
	alter(PG_GETARG_OID(0), AT_AddIndex, (Node *) index);
	PG_RETURN_VOID();
}
