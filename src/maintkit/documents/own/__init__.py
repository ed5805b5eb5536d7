"""What a site may say differently in its documents: words, chapters, a letterhead (docs/own-documents.md)."""
