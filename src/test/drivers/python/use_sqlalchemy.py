"""SQLAlchemy on asyncpg: sessions, optimistic locking, selectinload, savepoints, its own pool with pre-ping."""

from sqlalchemy import ForeignKey, delete, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, selectinload
from sqlalchemy.orm.exc import StaleDataError

from fleet import CLIENTS, DATABASE, HOST, PORT, STATEMENTS, USER, equal, run_tasks


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "author"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    version: Mapped[int] = mapped_column()
    books: Mapped[list["Book"]] = relationship(cascade="all, delete-orphan", passive_deletes=True)
    __mapper_args__ = {"version_id_col": version}


class Book(Base):
    __tablename__ = "book"
    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id", ondelete="CASCADE"))
    title: Mapped[str]


engine = create_async_engine(
    f"postgresql+asyncpg://{USER}@{HOST}:{PORT}/{DATABASE}", pool_size=CLIENTS, pool_pre_ping=True
)


class Client:
    def __init__(self, number):
        self.number = number

    async def round(self, number):
        ids = await self.insert(number)
        await self.load(ids, number)
        await self.stale(ids[0])
        await self.savepoint(ids[0], number)
        await self.failure(number)
        async with AsyncSession(engine) as session:
            equal((await session.execute(delete(Author).where(Author.id.in_(ids)))).rowcount, 3)
            await session.commit()

    async def insert(self, number):
        async with AsyncSession(engine) as session:
            authors = [
                Author(name=f"{self.number}/{number}", books=[Book(title=f"book {i}") for i in range(4)])
                for _ in range(3)
            ]
            session.add_all(authors)
            await session.commit()
            for author in authors:
                await session.refresh(author)
            return [author.id for author in authors]

    async def load(self, ids, number):
        async with AsyncSession(engine) as session:
            authors = (
                await session.scalars(
                    select(Author).where(Author.id.in_(ids)).options(selectinload(Author.books)).order_by(Author.id)
                )
            ).all()
            equal([author.id for author in authors], ids)
            for author in authors:
                equal(author.name, f"{self.number}/{number}")
                equal(sorted(book.title for book in author.books), [f"book {i}" for i in range(4)])
            page = (
                await session.scalars(select(Book.title).where(Book.author_id == ids[1]).order_by(Book.title).limit(2).offset(1))
            ).all()
            equal(page, ["book 1", "book 2"])
            for i in range(STATEMENTS):
                equal(await session.scalar(text(f"SELECT CAST(:n AS int) + {i}"), {"n": number}), number + i)

    async def stale(self, author_id):
        async with AsyncSession(engine, expire_on_commit=False) as first, AsyncSession(engine) as second:
            one = await first.get(Author, author_id)
            await first.commit()
            other = await second.get(Author, author_id)
            other.name = "changed"
            await second.commit()
            one.name = "too late"
            try:
                await first.commit()
                raise AssertionError("no error")
            except StaleDataError:
                await first.rollback()

    async def savepoint(self, author_id, number):
        async with AsyncSession(engine) as session, session.begin():
            author = await session.get(Author, author_id)
            try:
                async with session.begin_nested():
                    await session.execute(text("SELECT 10 / CAST(:n AS int)"), {"n": 0})
                raise AssertionError("no error")
            except DBAPIError:
                pass
            author.name = f"after the savepoint {number}"
        async with AsyncSession(engine) as session:
            equal((await session.get(Author, author_id)).name, f"after the savepoint {number}")
            equal(await session.scalar(select(func.count()).select_from(Book).where(Book.author_id == author_id)), 4)

    async def failure(self, number):
        async with AsyncSession(engine) as session:
            try:
                await session.execute(text("SELECT nothing FROM nowhere"))
                raise AssertionError("no error")
            except DBAPIError:
                await session.rollback()
            equal(await session.scalar(text("SELECT CAST(:n AS int)"), {"n": number}), number)

    async def close(self):
        pass


async def connect(number):
    return Client(number)


run_tasks(connect)
