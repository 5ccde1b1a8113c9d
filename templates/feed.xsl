<?xml version="1.0" encoding="UTF-8"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:atom="http://www.w3.org/2005/Atom">
  <xsl:output method="html" encoding="UTF-8" doctype-system="about:legacy-compat"/>
  <xsl:template match="/">
    <html>
      <head>
        <meta name="viewport" content="width=device-width, initial-scale=1"/>
        <title><xsl:value-of select="/rss/channel/title | /atom:feed/atom:title"/></title>
        <style>
          :root { color-scheme: light dark; }
          body { margin: 0 auto; max-width: 42rem; padding: 2rem 1.25rem; font: 1.1rem/1.6 Georgia, serif; }
          .note { padding: 1rem; border: 1px solid; border-radius: 8px; }
          li { margin: .6rem 0; }
        </style>
      </head>
      <body>
        <h1><xsl:value-of select="/rss/channel/title | /atom:feed/atom:title"/></h1>
        <p class="note">This is a feed. Copy its address into a feed reader, and every new post comes to you.</p>
        <ul>
          <xsl:for-each select="/rss/channel/item">
            <li><a href="{link}"><xsl:value-of select="title"/></a></li>
          </xsl:for-each>
          <xsl:for-each select="/atom:feed/atom:entry">
            <li><a href="{atom:link/@href}"><xsl:value-of select="atom:title"/></a></li>
          </xsl:for-each>
        </ul>
      </body>
    </html>
  </xsl:template>
</xsl:stylesheet>
