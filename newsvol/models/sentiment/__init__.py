"""The sentiment model: recipe, corpus, teachers, student, results, evaluation."""
