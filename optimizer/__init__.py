"""Pure planning: a Problem goes in, a Plan or an explained refusal comes out. No input or output, no clock, no Qt."""
