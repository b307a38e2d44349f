use super::{Expression, Function, Node};

/// Longest template.
const MAX_TEMPLATE: usize = 4096;
/// Deepest nesting of `if` and parentheses, each.
const MAX_DEPTH: usize = 16;

type Parsed<T> = Result<T, String>;

/// The template's parts.
pub(super) fn nodes(text: &str) -> Parsed<Vec<Node>> {
    if text.len() > MAX_TEMPLATE {
        return Err(format!("a template longer than {MAX_TEMPLATE} bytes"));
    }
    let mut pieces = pieces(text)?.into_iter();
    match block(&mut pieces, 0)? {
        (nodes, Ending::Text) => Ok(nodes),
        _ => Err("`else` or `end` without `if`".to_owned()),
    }
}

enum Piece {
    Text(String),
    Action(Vec<Token>),
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Literal(String),
    Open,
    Close,
}

/// What a run of nodes ended with.
enum Ending {
    Text,
    End,
    Else(Vec<Token>),
}

fn pieces(mut rest: &str) -> Parsed<Vec<Piece>> {
    let mut pieces = Vec::new();
    while let Some((before, action)) = rest.split_once("{{") {
        let trimmed = action.strip_prefix('-').filter(|action| action.starts_with(char::is_whitespace));
        let before = if trimmed.is_some() { before.trim_end() } else { before };
        pieces.push(Piece::Text(before.to_owned()));
        let (tokens, after) = tokens(trimmed.unwrap_or(action))?;
        pieces.push(Piece::Action(tokens));
        rest = after;
    }
    pieces.push(Piece::Text(rest.to_owned()));
    Ok(pieces)
}

/// The words of an action, and the text after it.
fn tokens(mut rest: &str) -> Parsed<(Vec<Token>, &str)> {
    let mut tokens = Vec::new();
    loop {
        let spaced = rest;
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix("-}}").filter(|_| spaced.len() > rest.len()) {
            return Ok((tokens, after.trim_start()));
        }
        if let Some(after) = rest.strip_prefix("}}") {
            return Ok((tokens, after));
        }
        let (token, after) = token(rest)?;
        tokens.push(token);
        rest = after;
    }
}

fn token(text: &str) -> Parsed<(Token, &str)> {
    match text.chars().next() {
        None => Err("`{{` without `}}`".to_owned()),
        Some('(') => Ok((Token::Open, text.get(1..).unwrap_or_default())),
        Some(')') => Ok((Token::Close, text.get(1..).unwrap_or_default())),
        Some('"') => quoted(text),
        Some('`') => {
            let (raw, after) =
                text.get(1..).unwrap_or_default().split_once('`').ok_or("a text without end")?;
            Ok((Token::Literal(raw.to_owned()), after))
        }
        Some(_) => {
            let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
            let end = text.find(|c| !is_word(c)).unwrap_or(text.len());
            match text.split_at_checked(end) {
                Some((word, after)) if !word.is_empty() => Ok((Token::Word(word.to_owned()), after)),
                _ => Err(format!("`{}` is not understood here", text.chars().take(8).collect::<String>())),
            }
        }
    }
}

/// A text in double quotes, with `\"` and `\\`.
fn quoted(text: &str) -> Parsed<(Token, &str)> {
    let mut literal = String::new();
    let mut characters = text.get(1..).unwrap_or_default().chars();
    loop {
        match characters.next() {
            None | Some('\n') => return Err("a text without end".to_owned()),
            Some('"') => return Ok((Token::Literal(literal), characters.as_str())),
            Some('\\') => match characters.next() {
                Some(escaped @ ('"' | '\\')) => literal.push(escaped),
                _ => return Err(r#"only \" and \\ are escapes here"#.to_owned()),
            },
            Some(plain) => literal.push(plain),
        }
    }
}

fn block(pieces: &mut std::vec::IntoIter<Piece>, depth: usize) -> Parsed<(Vec<Node>, Ending)> {
    let mut nodes = Vec::new();
    while let Some(piece) = pieces.next() {
        let tokens = match piece {
            Piece::Text(text) if text.is_empty() => continue,
            Piece::Text(text) => {
                nodes.push(Node::Text(text));
                continue;
            }
            Piece::Action(tokens) => tokens,
        };
        match tokens.split_first() {
            Some((Token::Word(word), [])) if word == "end" => return Ok((nodes, Ending::End)),
            Some((Token::Word(word), rest)) if word == "else" => {
                return Ok((nodes, Ending::Else(rest.to_vec())));
            }
            Some((Token::Word(word), condition)) if word == "if" => {
                nodes.push(choice(condition, pieces, depth)?);
            }
            _ => nodes.push(Node::Shown(whole(&tokens)?)),
        }
    }
    Ok((nodes, Ending::Text))
}

/// From after `if` to its `end`.
fn choice(condition: &[Token], pieces: &mut std::vec::IntoIter<Piece>, depth: usize) -> Parsed<Node> {
    if depth == MAX_DEPTH {
        return Err(format!("`if` nested more than {MAX_DEPTH} deep"));
    }
    let condition = whole(condition)?;
    let (then, ending) = block(pieces, depth + 1)?;
    let otherwise = match ending {
        Ending::Text => return Err("`if` without `end`".to_owned()),
        Ending::End => Vec::new(),
        Ending::Else(tokens) => match tokens.split_first() {
            None => match block(pieces, depth + 1)? {
                (nodes, Ending::End) => nodes,
                _ => return Err("`else` without `end`".to_owned()),
            },
            Some((Token::Word(word), condition)) if word == "if" => {
                vec![choice(condition, pieces, depth + 1)?]
            }
            Some(_) => return Err("after `else` comes `if` or nothing".to_owned()),
        },
    };
    Ok(Node::If { condition, then, otherwise })
}

fn whole(mut tokens: &[Token]) -> Parsed<Expression> {
    let expression = pipeline(&mut tokens, 0)?;
    if tokens.is_empty() { Ok(expression) } else { Err("a `)` too many".to_owned()) }
}

/// A call with its operands, or one operand.
fn pipeline(tokens: &mut &[Token], depth: usize) -> Parsed<Expression> {
    let first = tokens.first().cloned();
    let Some(Token::Word(word)) =
        first.filter(|token| matches!(token, Token::Word(w) if !w.starts_with('.')))
    else {
        let only = operand(tokens, depth)?;
        return match tokens.first() {
            None | Some(Token::Close) => Ok(only),
            Some(_) => Err("a value cannot be called".to_owned()),
        };
    };
    *tokens = tokens.get(1..).unwrap_or_default();
    if word == "index" {
        return indexed(tokens);
    }
    let mut operands = Vec::new();
    while !matches!(tokens.first(), None | Some(Token::Close)) {
        operands.push(operand(tokens, depth)?);
    }
    let function = match (word.as_str(), operands.len()) {
        ("eq", 2..) => Function::Eq,
        ("ne", 2) => Function::Ne,
        ("and", 1..) => Function::And,
        ("or", 1..) => Function::Or,
        ("not", 1) => Function::Not,
        _ => return Err(format!("`{word}` with {} operands is not understood here", operands.len())),
    };
    Ok(Expression::Call(function, operands))
}

fn indexed(tokens: &mut &[Token]) -> Parsed<Expression> {
    match tokens {
        [Token::Word(dot), Token::Literal(name), rest @ ..] if dot == "." => {
            *tokens = rest;
            Ok(Expression::Indexed(name.clone()))
        }
        _ => Err("`index` is understood only as `index . \"claim\"`".to_owned()),
    }
}

fn operand(tokens: &mut &[Token], depth: usize) -> Parsed<Expression> {
    let Some((token, rest)) = tokens.split_first() else { return Err("an action without value".to_owned()) };
    *tokens = rest;
    match token {
        Token::Literal(text) => Ok(Expression::Literal(text.clone())),
        Token::Word(word) => match word.strip_prefix('.') {
            Some(name) if !name.is_empty() && !name.contains('.') => Ok(Expression::Claim(name.to_owned())),
            _ => Err(format!("`{word}` is not a claim: write `.claim`")),
        },
        Token::Open if depth == MAX_DEPTH => Err(format!("parentheses nested more than {MAX_DEPTH} deep")),
        Token::Open => {
            let inner = pipeline(tokens, depth + 1)?;
            match tokens.split_first() {
                Some((Token::Close, rest)) => {
                    *tokens = rest;
                    Ok(inner)
                }
                _ => Err("a `(` without `)`".to_owned()),
            }
        }
        Token::Close => Err("a `)` without `(`".to_owned()),
    }
}
