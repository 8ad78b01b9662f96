//! What the arguments of a handler say about its route.
//!
//! A handler whose argument is of a type that says nothing here is no route: it does not compile.

use std::sync::Arc;

use axum::Extension;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use http::HeaderMap;
use schemars::JsonSchema;

use super::body::Body;
use super::route::{SchemaOf, schema_of};
use crate::Edge;
use crate::caller::Authenticated;

/// What a route takes.
#[derive(Default)]
pub(crate) struct Inputs {
    /// Whether it wants a token.
    pub(crate) guarded: bool,
    /// The schema of its body.
    pub(crate) body: Option<SchemaOf>,
    /// The schema of the one id in its path.
    pub(crate) path: Option<SchemaOf>,
    /// The schema whose properties are its query's parameters.
    pub(crate) query: Option<SchemaOf>,
}

impl Inputs {
    /// What a handler with these arguments takes.
    pub(super) fn of<T: Describe>() -> Self {
        let mut inputs = Self::default();
        T::describe(&mut inputs);
        inputs
    }
}

/// An argument, or all arguments, of a handler.
pub(crate) trait Describe {
    /// Notes what it stands for.
    fn describe(_: &mut Inputs) {}
}

impl Describe for State<Arc<Edge>> {}
impl Describe for HeaderMap {}
impl<T> Describe for Option<Extension<T>> {}

impl Describe for Authenticated {
    fn describe(inputs: &mut Inputs) {
        inputs.guarded = true;
    }
}

impl<T: JsonSchema> Describe for Body<T> {
    fn describe(inputs: &mut Inputs) {
        inputs.body = Some(schema_of::<T>);
    }
}

impl<T: JsonSchema> Describe for Result<Path<T>, PathRejection> {
    fn describe(inputs: &mut Inputs) {
        inputs.path = Some(schema_of::<T>);
    }
}

impl<T: JsonSchema> Describe for Result<Query<T>, QueryRejection> {
    fn describe(inputs: &mut Inputs) {
        inputs.query = Some(T::json_schema);
    }
}

/// The forms in which axum tells a function's arguments; the first of them is a mark of its own.
macro_rules! arguments {
    ($($argument:ident)*) => {
        impl<Mark, $($argument: Describe),*> Describe for (Mark, $($argument,)*) {
            fn describe(inputs: &mut Inputs) {
                $($argument::describe(inputs);)*
                let _ = inputs;
            }
        }
    };
}

arguments! {}
arguments! { A }
arguments! { A B }
arguments! { A B C }
arguments! { A B C D }
