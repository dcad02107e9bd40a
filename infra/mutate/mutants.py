"""Where a module can be made wrong in one place, and how it then reads."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}


@dataclass(frozen=True)
class Mutant:
    """One wrong change: what stands in a line, and what would stand there instead."""

    text: str  # of its first line
    line: int
    column: int
    end_line: int
    end_column: int
    before: str
    after: str

    @property
    def change(self) -> tuple[str, str, str]:
        """Its line's text, and in it what stands and what would stand: the same while lines around it move."""
        return self.text, self.before, self.after

    def applied(self, source: str) -> str:
        """The module with the change."""
        lines = source.splitlines(keepends=True)
        first, last = lines[self.line - 1], lines[self.end_line - 1]
        head = first.encode()[: self.column].decode()
        tail = last.encode()[self.end_column :].decode()
        return "".join([*lines[: self.line - 1], head + self.after + tail, *lines[self.end_line :]])


def mutants(source: str) -> list[Mutant]:
    """Every place of a module that can be changed, in the order of the text.

    Annotations, docstrings and what runs at import alone (constants of a module) are left as they are.
    """
    found = [
        _mutant(source, node, changed)
        for function in ast.walk(ast.parse(source))
        if isinstance(function, ast.FunctionDef)
        for statement in function.body
        for node in ast.walk(statement)
        for changed in _changes(node)
    ]
    return sorted(dict.fromkeys(found), key=lambda each: (each.line, each.column, each.after))


def _mutant(source: str, node: ast.AST, changed: str) -> Mutant:
    assert isinstance(node, ast.expr | ast.stmt)
    before = ast.get_source_segment(source, node) or ""
    assert node.end_lineno is not None and node.end_col_offset is not None
    text = source.splitlines()[node.lineno - 1].strip()
    return Mutant(text, node.lineno, node.col_offset, node.end_lineno, node.end_col_offset, before, changed)


def _changes(node: ast.AST) -> Iterator[str]:
    """What could stand in the place of a node."""
    match node:
        case ast.Compare(left, [operator], comparators) if type(operator) in COMPARISONS:
            yield _in_brackets(ast.Compare(left, [COMPARISONS[type(operator)]()], comparators))
        case ast.BoolOp(operator, values):
            other = ast.Or() if isinstance(operator, ast.And) else ast.And()
            yield _in_brackets(ast.BoolOp(other, values))
        case ast.UnaryOp(ast.Not(), operand):
            yield _in_brackets(operand)
        case ast.BinOp(left, operator, right) if type(operator) in OPERATORS and not _is_text(left, right):
            yield _in_brackets(ast.BinOp(left, OPERATORS[type(operator)](), right))
        case ast.Constant(bool() as value):
            yield str(not value)
        case ast.Constant(int() as value):
            yield str(value + 1)
        case ast.Raise():
            yield "pass"
        case ast.Expr(ast.Call()):
            yield "pass"
        case ast.AugAssign():
            yield "pass"


def _in_brackets(node: ast.expr) -> str:
    return f"({ast.unparse(node)})"


def _is_text(*nodes: ast.expr) -> bool:
    """Whether ``+`` joins text that stands there: changing it would not compile to sense."""
    return any(isinstance(node, ast.JoinedStr) or isinstance(getattr(node, "value", None), str) for node in nodes)
