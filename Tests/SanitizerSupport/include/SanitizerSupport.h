/* Nothing to call: linking this target is enough. Its files say what they do. */
