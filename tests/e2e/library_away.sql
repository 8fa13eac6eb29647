-- Takes out what library.sql added.
DROP VIEW public.long_books;
DROP TABLE public.book_genres, public.genres, public.books, public.author_pages, public.authors CASCADE;
DROP FUNCTION public.add, public.total, public.echo, public.status_of, public.pages_by_author, public.retire, public.teapot;
DROP TYPE public.author_status;
