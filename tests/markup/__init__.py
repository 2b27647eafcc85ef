"""Are the pages valid HTML, and is what they tell machines valid schema.org? Tools that are not ours judge."""
