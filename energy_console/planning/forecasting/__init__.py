"""What the next hours bring, with honest bands, learnt from what was measured."""
